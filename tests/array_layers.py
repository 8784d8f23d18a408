"""Layers in NumPy with a backward pass by hand, as people write them in courses, and where they are looked at."""

# ruff: noqa: N803, N806 (matrices have capital letters)

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Layer:
    """A function, what is claimed to be its gradient, and its inputs."""

    function: Callable[..., Any]
    claims: dict[str, Any]
    at: list[Any]

    @property
    def name(self) -> str:
        return self.function.__name__


def layers(seed: int = 0) -> Iterator[Layer]:
    """All of them, at random points."""
    numbers = np.random.default_rng(seed)

    def normal(*sizes: int) -> Array:
        return numbers.normal(size=sizes)

    yield Layer(affine_relu, {"vjp": affine_relu_backward}, [normal(5, 3), normal(3, 4), normal(4)])
    yield Layer(perceptron, {"gradient": perceptron_gradient}, [normal(4, 3), normal(4), normal(2, 4), normal(3)])
    yield Layer(layer_norm, {"vjp": layer_norm_backward}, [normal(3, 5), normal(5), normal(5)])
    yield Layer(batch_norm, {"vjp": batch_norm_backward}, [normal(6, 3), normal(3), normal(3)])
    yield Layer(softmax_loss, {"gradient": softmax_loss_gradient}, [normal(4, 3), np.array([0, 2, 1, 1])])
    yield Layer(convolution, {"vjp": convolution_backward}, [normal(2, 9), normal(3, 2, 3), normal(3)])
    sizes = normal(2, 3), normal(2, 4), normal(2, 4), normal(3, 16), normal(4, 16), normal(16)
    yield Layer(lstm_step, {"vjp": lstm_step_backward}, [*sizes])
    yield Layer(leaky_relu, {"vjp": lambda up, x: up * np.where(x > 0, 1, 0.1)}, [normal(4)])
    yield Layer(clipped, {"vjp": lambda up, x: np.where((x > -1) & (x < 1), up, 0)}, [normal(5)])
    yield Layer(log_sum_exp, {"gradient": lambda x: np.exp(x - log_sum_exp(x))}, [normal(4)])
    yield Layer(quadratic, {"gradient": lambda W, x: (np.outer(x, x), (W + W.T) @ x)}, [normal(3, 3), normal(3)])
    yield Layer(length, {"gradient": lambda x: x / np.linalg.norm(x)}, [normal(3)])
    yield Layer(inverse, {"vjp": inverse_backward}, [normal(3, 3)])
    yield Layer(log_volume, {"gradient": lambda A: np.linalg.inv(A).T}, [normal(3, 3)])
    yield Layer(squares, {"vjp": lambda up, x: 2 * up * x}, [normal(3)])
    yield Layer(cast, {"gradient": lambda x: np.ones_like(np.asarray(x, dtype=float))}, [normal(3)])
    yield Layer(embedding, {"vjp": embedding_backward}, [normal(4, 2), np.array([0, 3, 3])])
    yield Layer(attention, {"vjp": attention_backward}, [normal(3, 2), normal(4, 2), normal(4, 2)])
    yield Layer(two_outputs, {"vjp": two_outputs_backward}, [normal(3), normal(3)])
    yield Layer(rotated, {"jvp": rotated_forward_mode}, [0.7, normal(2)])
    yield Layer(dropped, {"vjp": lambda up, x, mask: (up * mask / 0.5, None)}, [normal(4), np.array([1, 0, 1, 1])])


def affine_relu(x: Array, W: Array, b: Array) -> Array:
    return np.maximum(x @ W + b, 0)


def affine_relu_backward(upstream: Array, x: Array, W: Array, b: Array) -> Array:
    dz = upstream * (x @ W + b > 0)
    return dz @ W.T, x.T @ dz, dz.sum(axis=0)


def perceptron(W1: Array, b1: Array, W2: Array, x: Array) -> Array:
    h = np.tanh(W1 @ x + b1)
    z = W2 @ h
    e = np.exp(z - z.max())
    return -np.log(e[0] / e.sum())


def perceptron_gradient(W1: Array, b1: Array, W2: Array, x: Array) -> Array:
    h = np.tanh(W1 @ x + b1)
    z = W2 @ h
    e = np.exp(z - z.max())
    dz = e / e.sum()
    dz[0] -= 1
    dh = (W2.T @ dz) * (1 - h**2)
    return np.outer(dh, x), dh, np.outer(dz, h), W1.T @ dh


def layer_norm(x: Array, gamma: Array, beta: Array) -> Array:
    mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta


def layer_norm_backward(upstream: Array, x: Array, gamma: Array, beta: Array) -> Array:
    n = x.shape[1]
    inverse_std = 1 / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    x_hat = (x - x.mean(axis=1, keepdims=True)) * inverse_std
    dx_hat = upstream * gamma
    dx = n * dx_hat - dx_hat.sum(axis=1, keepdims=True) - x_hat * (dx_hat * x_hat).sum(axis=1, keepdims=True)
    return dx * inverse_std / n, (upstream * x_hat).sum(axis=0), upstream.sum(axis=0)


def batch_norm(x: Array, gamma: Array, beta: Array) -> Array:
    mean = np.mean(x, axis=0)
    std = np.sqrt(np.var(x, axis=0) + 1e-5)
    return gamma * ((x - mean) / std) + beta


def batch_norm_backward(dout: Array, x: Array, gamma: Array, beta: Array) -> Array:
    rows = x.shape[0]
    mu = 1.0 / rows * np.sum(x, axis=0)
    xmu = x - mu
    var = 1.0 / rows * np.sum(xmu**2, axis=0)
    sqrtvar = np.sqrt(var + 1e-5)
    ivar = 1.0 / sqrtvar
    dgamma, dbeta = np.sum(dout * xmu * ivar, axis=0), np.sum(dout, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dvar = 0.5 * 1.0 / sqrtvar * (-1.0 / sqrtvar**2) * divar
    dxmu2 = 2 * xmu * (1.0 / rows * np.ones(x.shape) * dvar)
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    return dxmu1 + dxmu2 + 1.0 / rows * np.ones(x.shape) * dmu, dgamma, dbeta


def softmax_loss(scores: Array, y: Array) -> Array:
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    p = np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True)
    return np.mean(-np.log(p[np.arange(len(y)), y]))


def softmax_loss_gradient(scores: Array, y: Array) -> Array:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    dscores = e / e.sum(axis=1, keepdims=True)
    dscores[np.arange(len(y)), y] -= 1
    return dscores / len(y), None


def convolution(x: Array, w: Array, b: Array) -> Array:
    filters, _, width = w.shape
    padded = np.pad(x, ((0, 0), (1, 1)))
    out = np.zeros((filters, padded.shape[1] - width + 1))
    for f in range(filters):
        for t in range(out.shape[1]):
            out[f, t] = np.sum(padded[:, t : t + width] * w[f]) + b[f]
    return out


def convolution_backward(dout: Array, x: Array, w: Array, b: Array) -> Array:
    filters, _, width = w.shape
    padded = np.pad(x, ((0, 0), (1, 1)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(b.shape)
    for f in range(filters):
        for t in range(dout.shape[1]):
            dpadded[:, t : t + width] += dout[f, t] * w[f]
            dw[f] += dout[f, t] * padded[:, t : t + width]
            db[f] += dout[f, t]
    return dpadded[:, 1:-1], dw, db


def sigmoid(z: Array) -> Array:
    positive = z >= 0
    e = np.zeros_like(z)
    e[positive] = np.exp(-z[positive])
    e[~positive] = np.exp(z[~positive])
    top = np.ones_like(z)
    top[~positive] = e[~positive]
    return top / (1 + e)


def lstm_step(x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array) -> Array:
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    next_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(next_c), next_c


def lstm_step_backward(upstream: Array, x: Array, h: Array, c: Array, Wx: Array, Wh: Array, b: Array) -> Array:
    dnext_h, dnext_c = upstream
    size = h.shape[1]
    a = x @ Wx + h @ Wh + b
    i, f, o = sigmoid(a[:, :size]), sigmoid(a[:, size : 2 * size]), sigmoid(a[:, 2 * size : 3 * size])
    g = np.tanh(a[:, 3 * size :])
    tanh_c = np.tanh(f * c + i * g)
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
    da = np.hstack(
        [dc * g * i * (1 - i), dc * c * f * (1 - f), dnext_h * tanh_c * o * (1 - o), dc * i * (1 - g**2)],
    )
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, h.T @ da, np.sum(da, axis=0)


def leaky_relu(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


def clipped(x: Array) -> Array:
    return np.clip(x, -1, 1)


def log_sum_exp(x: Array) -> Array:
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def quadratic(W: Array, x: Array) -> Array:
    return np.einsum("i,ij,j->", x, W, x)


def length(x: Array) -> Array:
    return np.linalg.norm(x)


def inverse(A: Array) -> Array:
    return np.linalg.inv(A)


def inverse_backward(upstream: Array, A: Array) -> Array:
    inverted = np.linalg.inv(A)
    return -inverted.T @ upstream @ inverted.T


def log_volume(A: Array) -> Array:
    return np.linalg.slogdet(A)[1]


def squares(x: Array) -> Array:
    out = np.zeros_like(x)
    out += x * x
    return out


def cast(x: Array) -> Array:
    y = np.zeros(3)
    y[:] = x
    return np.asarray(y, dtype=float).sum()


def embedding(W: Array, indices: Array) -> Array:
    return W[indices]


def embedding_backward(upstream: Array, W: Array, indices: Array) -> Array:
    dW = np.zeros_like(W)
    np.add.at(dW, indices, upstream)
    return dW, None


def attention(q: Array, k: Array, v: Array) -> Array:
    scores = q @ k.T / np.sqrt(q.shape[-1])
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=-1)[:, None])
    return p @ v


def attention_backward(upstream: Array, q: Array, k: Array, v: Array) -> Array:
    scale = np.sqrt(q.shape[-1])
    e = np.exp(q @ k.T / scale)
    p = e / e.sum(axis=-1, keepdims=True)
    dp = upstream @ v.T
    dscores = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) / scale
    return dscores @ k, dscores.T @ q, p.T @ upstream


def two_outputs(x: Array, y: Array) -> Array:
    return np.sin(x) * y, float(x @ y)


def two_outputs_backward(upstream: Array, x: Array, y: Array) -> Array:
    first, second = upstream
    return first * np.cos(x) * y + second * y, first * np.sin(x) + second * x


def rotated(angle: Array, x: Array) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]]) @ x


def rotated_forward_mode(tangents: Array, angle: Array, x: Array) -> Array:
    dangle, dx = tangents
    return rotated(angle, dx) + dangle * rotated(angle + np.pi / 2, x)


def dropped(x: Array, mask: Array) -> Array:
    return x * mask / 0.5
