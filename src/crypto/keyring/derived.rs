//! Keys derived once per label and kept, without a lock on the way to them.

use std::sync::{Arc, OnceLock};

/// More labels than any use of keys has; beyond it a key is derived at each call.
const SLOTS: usize = 32;

/// Filled from the front; a slot never changes once it is set.
pub(super) struct Derived<T>([OnceLock<(&'static str, Arc<T>)>; SLOTS]);

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self([const { OnceLock::new() }; SLOTS])
    }
}

impl<T> Derived<T> {
    pub(super) fn get(&self, label: &'static str, derive: impl Fn() -> T) -> Arc<T> {
        for slot in &self.0 {
            let (held, key) = slot.get_or_init(|| (label, Arc::new(derive())));
            if *held == label {
                return Arc::clone(key);
            }
        }
        Arc::new(derive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_once_per_label_whoever_asks_first() {
        let derived = Derived::<&'static str>::default();
        std::thread::scope(|scope| {
            for label in ["a", "b", "c", "a", "b", "c"] {
                let derived = &derived;
                scope.spawn(move || assert_eq!(*derived.get(label, || label), label));
            }
        });
        assert_eq!(derived.0.iter().map_while(OnceLock::get).count(), 3);
        assert!(Arc::ptr_eq(&derived.get("a", || "other"), &derived.get("a", || "other")));
    }
}
