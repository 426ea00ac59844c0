//! The claim of one coordinator to a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::nats::{Control, ControlKey, Lease, NatsError};

/// How often a lease is renewed while it lasts.
const RENEWALS: u32 = 5;

/// The pause before a run that somebody else takes at the same moment is looked at again.
const PAUSE: Duration = Duration::from_millis(50);

/// A lease that this process holds.
pub(super) struct HeldLease {
    control: Control,
    lease: Lease,
    revision: u64,
    /// Whether a trial was asked for.
    begun: Arc<AtomicBool>,
}

impl HeldLease {
    /// Takes a run that nobody has, or whose coordinator doesn't renew its lease any more.
    pub(super) async fn take(control: Control, lease: Lease) -> Result<Self, NatsError> {
        loop {
            let current = control.read::<Lease>(ControlKey::Lease).await?;
            let revision = match current {
                None => 0,
                Some((current, revision)) if current.released => revision,
                Some((current, revision)) => {
                    wait_until_it_lapses(&control, &current, revision).await?
                }
            };
            let written = control
                .write(ControlKey::Lease, &lease, Some(revision))
                .await?;
            if let Some(revision) = written {
                let begun = Arc::new(AtomicBool::new(lease.begun));
                return Ok(Self {
                    control,
                    lease,
                    revision,
                    begun,
                });
            }
            // Another one was faster; it is seen now.
            sleep(PAUSE).await;
        }
    }

    /// To be set once a trial is asked for: from then on, the run belongs to this search.
    pub(super) fn begun(&self) -> Arc<AtomicBool> {
        self.begun.clone()
    }

    /// Renews it again and again; returns when another coordinator has it.
    pub(super) async fn keep(&mut self) -> NatsError {
        loop {
            sleep(self.lease.lasts / RENEWALS).await;
            // A server that can't be reached is waited for.
            let Ok(written) = self.write().await else {
                continue;
            };
            if !written && self.lost().await {
                return NatsError::Deposed {
                    run: self.control.run.to_string(),
                };
            }
        }
    }

    /// Gives it back; `ended` tells the workers that nothing more comes.
    pub(super) async fn release(mut self, ended: bool) {
        self.lease.released = true;
        self.lease.ended = ended;
        // An own renewal that was under way may have changed the revision. Without an answer the lease lapses.
        if matches!(self.write().await, Ok(false)) && !self.lost().await {
            let _ = self.write().await;
        }
    }

    async fn write(&mut self) -> Result<bool, NatsError> {
        self.lease.begun |= self.begun.load(Ordering::Relaxed);
        let written = self
            .control
            .write(ControlKey::Lease, &self.lease, Some(self.revision))
            .await?;
        if let Some(revision) = written {
            self.revision = revision;
        }
        Ok(written.is_some())
    }

    /// Whether another one has it. An own renewal may have come through although its answer didn't, and a server that
    /// lost its store knows of none.
    async fn lost(&mut self) -> bool {
        match self.control.read::<Lease>(ControlKey::Lease).await {
            Ok(Some((current, revision))) => {
                // A server that was killed may come back with what it had some time ago: a former holder's lease, say.
                // If that holder is alive, it renews it, and the next attempt to write fails again.
                let is_old = revision < self.revision;
                self.revision = revision;
                current.holder != self.lease.holder && !current.released && !is_old
            }
            Ok(None) => {
                self.revision = 0;
                false
            }
            Err(_) => false,
        }
    }
}

/// Waits for as long as a lease lasts, and returns its revision if it wasn't renewed meanwhile.
async fn wait_until_it_lapses(
    control: &Control,
    lease: &Lease,
    revision: u64,
) -> Result<u64, NatsError> {
    let begin = Instant::now();
    while begin.elapsed() < lease.lasts {
        sleep((lease.lasts / 20).max(Duration::from_millis(10))).await;
        match control.read::<Lease>(ControlKey::Lease).await? {
            Some((current, current_revision)) if current.released => return Ok(current_revision),
            Some((_, current_revision)) if current_revision == revision => {}
            Some((current, _)) => {
                return Err(NatsError::SecondCoordinator {
                    run: control.run.to_string(),
                    holder: current.holder,
                });
            }
            None => return Ok(0),
        }
    }
    Ok(revision)
}
