//! One piece of work cut into numbered batches: several threads do them, and the caller gets the results in order.
//!
//! Every channel is short, so memory stays bounded whoever is slow. Batches go round robin, so no result overtakes.

use std::sync::mpsc::{SyncSender, sync_channel};

/// Threads that work.
const WORKERS: usize = 2;
/// Results that wait behind each of them.
const QUEUE: usize = 4;

/// Works on the batches `0..count` and folds what comes of each in order, until `fold` fails.
pub(super) fn in_order<T: Send, E>(
    count: usize,
    work: &(dyn Fn(usize) -> T + Sync),
    fold: &mut dyn FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    if count == 1 {
        return fold(0, work(0));
    }
    std::thread::scope(|scope| {
        let lanes = (0..WORKERS).map(|lane| {
            let (output, results) = sync_channel(QUEUE);
            scope.spawn(move || work_off((lane..count).step_by(WORKERS), &output, work));
            results
        });
        let lanes: Vec<_> = lanes.collect(); // when `fold` fails they go, and whoever still works finds nobody listening
        for batch in 0..count {
            let Ok(result) = lanes[batch % WORKERS].recv() else { break };
            fold(batch, result)?;
        }
        Ok(())
    })
}

fn work_off<T>(batches: impl Iterator<Item = usize>, output: &SyncSender<T>, work: &(dyn Fn(usize) -> T + Sync)) {
    for batch in batches {
        if output.send(work(batch)).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_a_failure_ends_the_work() {
        for count in [0, 1, 2, 37] {
            let mut seen = Vec::new();
            let done = in_order(count, &|batch| batch * 2, &mut |batch, twice| {
                seen.push((batch, twice));
                if batch == 20 { Err("enough") } else { Ok(()) }
            });
            let last = count.min(21);
            assert_eq!(seen, (0..last).map(|batch| (batch, batch * 2)).collect::<Vec<_>>());
            assert_eq!(done.is_err(), count > 20);
        }
    }
}
