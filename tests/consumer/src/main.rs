//! Spreads jobs over machines so that the last machine is done as early as possible: a space, a mutation and an
//! evaluator outside the library, in a search that is interrupted and resumed.

use std::env;
use std::error::Error;

use evonas::description;
use evonas::prelude::*;
use evonas::serde_json::Value;
use serde::{Deserialize, Serialize};

/// Which machine does each job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Schedule {
    machines: Vec<usize>,
}

/// All schedules of these jobs, whose lengths are in minutes, on a number of machines.
#[derive(Clone, Debug, Serialize)]
struct Workshop {
    jobs: Vec<u32>,
    machines: usize,
}

impl Workshop {
    /// When the last machine is done, in minutes.
    fn end(&self, schedule: &Schedule) -> u32 {
        let mut busy = vec![0; self.machines];
        for (job, &machine) in self.jobs.iter().zip(&schedule.machines) {
            busy[machine] += job;
        }
        busy.into_iter().max().unwrap_or(0)
    }
}

impl SearchSpace for Workshop {
    type Genotype = Schedule;

    fn sample(&self, rng: &mut dyn Rng) -> Schedule {
        let machine = |_| rng.random_range(0..self.machines);
        Schedule {
            machines: (0..self.jobs.len()).map(machine).collect(),
        }
    }

    fn validate(&self, schedule: &Schedule) -> Result<(), Box<dyn Error + Send + Sync>> {
        if schedule.machines.len() != self.jobs.len() {
            return Err(format!("there are {} jobs", self.jobs.len()).into());
        }
        match schedule.machines.iter().find(|&&it| it >= self.machines) {
            Some(machine) => Err(format!("there is no machine {machine}").into()),
            None => Ok(()),
        }
    }

    fn describe(&self) -> Value {
        description::named("Workshop", self)
    }
}

/// Moves a job to another machine, or exchanges two jobs.
#[derive(Debug, Serialize)]
struct MoveJobs {
    machines: usize,
}

impl Mutation<Schedule> for MoveJobs {
    fn mutate(&self, parent: &Schedule, rng: &mut dyn Rng) -> Schedule {
        let mut child = parent.clone();
        let [one, other] = [(); 2].map(|()| rng.random_range(0..child.machines.len()));
        if rng.random() {
            child.machines.swap(one, other);
        } else {
            let step = rng.random_range(1..self.machines);
            child.machines[one] = (child.machines[one] + step) % self.machines;
        }
        child
    }

    fn describe(&self) -> Value {
        description::named("MoveJobs", self)
    }
}

/// Scores a schedule by the time at which the last machine is done.
struct Clock(Workshop);

impl Evaluator<Schedule> for Clock {
    fn evaluate(
        &self,
        schedule: &Schedule,
        context: &Context<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        context.check_stop()?;
        Ok(Evaluation::new(-f64::from(self.0.end(schedule))))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("name a folder for the journal")?;
    let workshop = Workshop {
        jobs: vec![35, 34, 33, 32, 31, 29, 28, 27, 26, 25, 24, 22, 21, 17, 16],
        machines: 4,
    };
    // Two searches: the second resumes the first.
    for trials in [200, 2000] {
        let mutation = MoveJobs {
            machines: workshop.machines,
        };
        let evolution = Evolution::builder(workshop.clone(), mutation)
            .population(50)
            .sample(10)
            .build()?;
        let workers = Threads::new(Clock(workshop.clone()), 2)?;
        let result = Search::new(evolution, Ordered::new(workers), Budget::trials(trials))
            .journal(Journal::open_or_create(&folder)?)
            .run()?;
        let best = result.best().ok_or("no trial has a score")?;
        println!("{trials} trials: {} minutes", workshop.end(&best.genotype));
        if trials == 2000 && workshop.end(&best.genotype) != 100 {
            return Err("a schedule of 100 minutes exists and wasn't found".into());
        }
    }
    Ok(())
}
