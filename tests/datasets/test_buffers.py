from __future__ import annotations

import numpy as np

from robolearn.datasets.buffers import BufferPool


def address(array):
    return array.__array_interface__["data"][0]


def test_an_array_is_used_again_once_nobody_refers_to_it():
    pool = BufferPool()
    first = pool.take((4, 5))
    place = address(first)
    del first
    assert address(pool.take((4, 5))) == place


def test_an_array_that_is_still_used_is_left_alone():
    pool = BufferPool()
    first = pool.take((4, 5))
    assert address(pool.take((4, 5))) != address(first)


def test_a_view_keeps_its_array_from_being_used_again():
    pool = BufferPool()
    view = pool.take((4, 5)).reshape(2, 2, 5)[1]
    view[:] = 7
    for _ in range(3):
        pool.take((4, 5))[:] = 0
    assert (view == 7).all()


def test_a_tensor_keeps_its_array_from_being_used_again():
    import torch

    pool = BufferPool()
    tensor = torch.from_numpy(pool.take((4, 5)))[1:]
    tensor[:] = 7
    for _ in range(3):
        pool.take((4, 5))[:] = 0
    assert (tensor == 7).all()


def test_another_shape_gets_another_array():
    pool = BufferPool()
    assert pool.take((4, 5)).shape == (4, 5)
    assert pool.take((3, 5)).shape == (3, 5)


def test_a_pool_stays_small_and_never_shares():
    pool = BufferPool(max_buffers=2)
    taken = [pool.take((8,)) for _ in range(5)]
    for number, array in enumerate(taken):
        array[:] = number
    assert [int(array[0]) for array in taken] == [0, 1, 2, 3, 4]
    assert len(pool._buffers) == 2
    assert not np.shares_memory(taken[0], taken[4])
