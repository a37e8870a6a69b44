"""Trainers in Python beside GEdge's edge clouds."""

from gedge.client import Client, ClientApp, ClientError, Context, NumPyClient, start_client, start_numpy_client
from gedge.parameters import get_weights, set_weights, weight_names

__all__ = [
    "Client",
    "ClientApp",
    "ClientError",
    "Context",
    "NumPyClient",
    "get_weights",
    "set_weights",
    "start_client",
    "start_numpy_client",
    "weight_names",
]
__version__ = "0.1.0"
