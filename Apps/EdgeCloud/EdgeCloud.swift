// EdgeCloud
