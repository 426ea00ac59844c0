//! The claim of one coordinator to a run.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::nats::{Control, ControlKey, Lease, NatsError};

/// How often a lease is renewed while it lasts.
const RENEWALS: u32 = 5;

/// A lease that this process holds.
pub(super) struct HeldLease {
    control: Control,
    lease: Lease,
    revision: u64,
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
                return Ok(Self {
                    control,
                    lease,
                    revision,
                });
            }
            // Another one was faster; it is seen now.
        }
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
                self.revision = revision;
                current.holder != self.lease.holder
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
