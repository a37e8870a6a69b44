// GEdgeCommand
