"""Models as lists of NumPy arrays, and as what travels."""

import math

import numpy as np


def get_weights(model):
    """The values of a PyTorch module or of a mapping of names to arrays or tensors, in order."""
    return [_array(value) for value in _state(model).values()]


def weight_names(model):
    """The names of what `get_weights` returns."""
    return list(_state(model))


def set_weights(model, weights):
    """Sets what `get_weights` returned, each value in the type and shape that the model has it in."""
    state = _state(model)
    if len(state) != len(weights):
        raise ValueError(f"the model has {len(state)} tensors, but {len(weights)} are given")
    new = {name: _like(old, value, name) for (name, old), value in zip(state.items(), weights)}
    if hasattr(model, "load_state_dict"):
        model.load_state_dict(new, strict=True)
    else:
        model.update(new)


def _state(model):
    return model.state_dict() if hasattr(model, "state_dict") else model


def _array(value):
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.array(value)


def _like(old, value, name):
    shape = tuple(old.shape)
    if value.size != math.prod(shape):
        raise ValueError(f"'{name}' has the shape {shape}, but the value given has {value.shape}")
    array = np.asarray(value).reshape(shape)
    if not hasattr(old, "detach"):
        return array.astype(old.dtype)
    import torch

    return torch.from_numpy(np.array(array)).to(dtype=old.dtype, device=old.device)


def pack(arrays, names=None):
    """What travels of a model: for each tensor what it is, and its bytes as little-endian float32."""
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(f"parameters must be a list of arrays, not {type(arrays).__name__}")
    names = list(names) if names is not None else [f"parameter-{index:04}" for index in range(len(arrays))]
    if len(names) != len(arrays):
        raise ValueError(f"there are {len(names)} names for {len(arrays)} parameters")
    specs, buffers = [], []
    for name, value in zip(names, arrays):
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"parameter '{name}' is of type {array.dtype}; numbers are needed")
        if array.size == 0:
            raise ValueError(f"parameter '{name}' has no values")
        array = np.ascontiguousarray(array, dtype="<f4")
        specs.append({"name": name, "shape": list(array.shape) or [1], "type": "float32"})
        buffers.append(array.tobytes())
    return specs, buffers


def unpack(specs, buffers):
    """The arrays that `pack` made `specs` and `buffers` of."""
    return [
        np.frombuffer(buffer, dtype="<f4").reshape(spec["shape"]).astype(np.float32)
        for spec, buffer in zip(specs, buffers, strict=True)
    ]
