//! Sums over the threads of a cube that work on the same channels.

use cubecl::prelude::*;

use crate::cube::launch::Tile;

/// The sums of two values over the threads of a column of a tile, which its first thread gets. `shared` has room for two
/// values of each thread.
#[cube]
pub(in crate::cube) fn column_sums<N: Size>(
    first: Vector<f32, N>,
    second: Vector<f32, N>,
    shared: &mut [Vector<f32, N>],
    #[comptime] tile: Tile,
) -> (Vector<f32, N>, Vector<f32, N>) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let threads = comptime!(tile.threads());
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    shared[down * wide + across] = first;
    shared[down * wide + across + threads] = second;
    sync_cube();
    let mut first = first;
    let mut second = second;
    if down == 0 {
        let mut row = 1usize;
        while row < high {
            first += shared[row * wide + across];
            second += shared[row * wide + across + threads];
            row += 1;
        }
    }
    (first, second)
}
