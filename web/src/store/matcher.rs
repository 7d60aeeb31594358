//! Matches regular expressions in a compute worker of its own, which is ended where a batch takes too long: nothing else
//! stops the browser's `RegExp`. One batch is under way at a time, so that the limit is for that one.

use std::collections::VecDeque;

use compute::protocol::{Request, Response};
use model::{ConnectionId, ConnectionMsg, MatchError, MatchRequest, Msg};

use super::Store;
use crate::browser::clock;
use crate::browser::task::Task;
use crate::compute_handle::{Answer, ComputeError, ComputeHandle};

#[derive(Default)]
pub(super) struct Matcher {
    worker: ComputeHandle,
    queue: VecDeque<(ConnectionId, MatchRequest)>,
    /// Waits for the answer to the batch that is under way.
    matching: Option<Task>,
}

impl Store {
    /// Has a batch matched, and reported to its connection.
    pub(super) fn match_later(&mut self, connection: ConnectionId, request: MatchRequest) {
        self.matcher.queue.push_back((connection, request));
        self.match_next();
    }

    fn match_next(&mut self) {
        let Matcher { worker, queue, matching } = &mut self.matcher;
        if matching.is_some() {
            return;
        }
        let Some((connection, MatchRequest { id, regex, texts })) = queue.pop_front() else { return };
        let request = Request::Match {
            expression: &regex.expression,
            flags: &regex.flags,
            texts: texts.iter().map(String::as_str).collect(),
        };
        let answer = worker.ask_within(&request, MatchRequest::LIMIT_MS);
        let handle = self.handle.clone();
        *matching = Some(Task::spawn(async move {
            let result = result(&answer.await);
            handle.update_silently(move |store| {
                store.matcher.matching = None;
                store.dispatch_at(clock::now(), Msg::Connection(connection, ConnectionMsg::Matched(id, result)));
                store.match_next();
            });
        }));
    }
}

fn result(answer: &Result<Answer, ComputeError>) -> Result<Vec<bool>, MatchError> {
    match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
        Ok(Response::Matched(matches)) => Ok(matches),
        Ok(_) => Err(MatchError::Unavailable(ComputeError::Failed.to_string())),
        Err(ComputeError::TimedOut) => Err(MatchError::TooSlow),
        Err(error) => Err(MatchError::Unavailable(error.to_string())),
    }
}
