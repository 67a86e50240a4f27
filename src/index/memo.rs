//! Numbers that say something of all features of a layer together, kept until one of them changes.

use std::sync::{Mutex, PoisonError};

/// So many are kept; the oldest goes first.
const MOST: usize = 64;

/// What a number was worked out from, beside the features: whoever asks says so with numbers of its own.
pub type Key = [u64; 4];

/// See the module's head. A copy begins empty.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Vec<(Key, f64)>>);

impl Memo {
    /// The number for a key, worked out if nobody has yet. The lock is not held meanwhile, since the work may wait for
    /// other threads: two who ask at once may both do it, and both get the first one's answer.
    pub(super) fn number(&self, key: Key, work_out: impl FnOnce() -> f64) -> f64 {
        let known = |kept: &[(Key, f64)]| kept.iter().find(|(other, _)| *other == key).map(|(_, number)| *number);
        if let Some(number) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return number;
        }
        let number = work_out();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = known(&kept) {
            return number;
        }
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push((key, number));
        number
    }

    /// The features have changed.
    pub(super) fn forget(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_worked_out_once_until_the_features_change() {
        let (mut memo, count) = (Memo::default(), std::cell::Cell::new(0.0));
        let next = || {
            count.set(count.get() + 1.0);
            count.get()
        };
        assert_eq!([memo.number([1; 4], next), memo.number([2; 4], next), memo.number([1; 4], next)], [1.0, 2.0, 1.0]);
        (0..1_000).for_each(|key| _ = memo.number([key; 4], || 0.0));
        assert!(memo.0.lock().expect("nobody panicked").len() <= MOST);
        memo.forget();
        assert_eq!(memo.number([1; 4], next), 3.0);
    }
}
