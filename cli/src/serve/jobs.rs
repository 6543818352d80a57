//! Jobs that a page starts: one after another, on a thread of their own, as the standing service account of their role. What
//! becomes of them is in the books; this list only lets a page show how far they are.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use musubi_console::web::house::{Job, Order};

use super::gateway::Gateway;
use crate::home::now;

/// How many ended jobs are shown.
const SHOWN: usize = 200;

/// The queue.
#[derive(Debug)]
pub struct Jobs {
    list: Arc<Mutex<Vec<Job>>>,
    send: Sender<(u64, String, Order)>,
}

fn with(list: &Mutex<Vec<Job>>, id: u64, change: impl FnOnce(&mut Job)) {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(job) = list.iter_mut().find(|job| job.id == id) {
        change(job);
    }
}

impl Jobs {
    /// Starts the thread.
    pub fn new(gateway: Gateway) -> std::io::Result<Self> {
        let list: Arc<Mutex<Vec<Job>>> = Arc::default();
        let (send, orders) = channel::<(u64, String, Order)>();
        let shared = Arc::clone(&list);
        std::thread::Builder::new().name("jobs".into()).spawn(move || {
            for (id, account, order) in orders {
                with(&shared, id, |job| job.began = Some(now()));
                let answer = gateway.give(&account, false, &order);
                with(&shared, id, |job| {
                    job.ended = Some((now(), answer.went()));
                    job.said = answer.said();
                });
            }
        })?;
        Ok(Self { list, send })
    }

    /// Adds one to the queue.
    pub fn add(&self, account: String, by: &str, organisation: &str, subject: &str, order: Order) -> u64 {
        let asked: Timestamp = now();
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let id = list.last().map_or(1, |job| job.id + 1);
        if list.len() >= SHOWN {
            let oldest = list.iter().position(|job| job.ended.is_some());
            if let Some(at) = oldest {
                list.remove(at);
            }
        }
        list.push(Job {
            id,
            verb: order.verb(),
            subject: subject.to_owned(),
            by: by.to_owned(),
            organisation: organisation.to_owned(),
            asked,
            began: None,
            ended: None,
            said: String::new(),
        });
        drop(list);
        if self.send.send((id, account, order)).is_err() {
            with(&self.list, id, |job| job.ended = Some((now(), false)));
        }
        id
    }

    /// All of them, newest first.
    pub fn all(&self) -> Vec<Job> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().rev().cloned().collect()
    }
}
