//! A few open connections kept for the next page. A connection that saw an error is thrown away, not given back.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// How many idle connections are kept of one kind.
const KEPT: usize = 8;

/// Idle connections of one kind.
#[derive(Debug)]
pub struct Pool<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { idle: Mutex::new(Vec::new()) }
    }
}

impl<T> Pool<T> {
    /// An idle connection, or a new one.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn take<E>(&self, open: impl FnOnce() -> Result<T, E>) -> Result<Pooled<'_, T>, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let inner = match idle {
            Some(inner) => inner,
            None => open()?,
        };
        Ok(Pooled { pool: self, inner: Some(inner), sound: false })
    }
}

/// A connection on loan. It goes back only when the page said that all went well ([`Pooled::sound`]).
#[derive(Debug)]
pub struct Pooled<'a, T> {
    pool: &'a Pool<T>,
    inner: Option<T>,
    sound: bool,
}

impl<T> Pooled<'_, T> {
    /// Uses it; it goes back to the pool only when this went well.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn using<R, E>(mut self, work: impl FnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let done = work(&mut self);
        self.sound = done.is_ok();
        done
    }
}

impl<T> Deref for Pooled<'_, T> {
    type Target = T;

    #[allow(clippy::expect_used)] // taken out in drop only
    fn deref(&self) -> &T {
        self.inner.as_ref().expect("a connection on loan")
    }
}

impl<T> DerefMut for Pooled<'_, T> {
    #[allow(clippy::expect_used)] // taken out in drop only
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("a connection on loan")
    }
}

impl<T> Drop for Pooled<'_, T> {
    fn drop(&mut self) {
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sound && idle.len() < KEPT {
            idle.extend(self.inner.take());
        }
    }
}
