// CoreCloud
