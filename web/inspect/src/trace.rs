//! The events that are kept: the newest ones up to a limit, each with what it means beside the others of its connection.

use std::collections::{BTreeMap, VecDeque};

use wire::event::{Event, Happened, Request};

use crate::flow::{Answered, Flow, Part};
use crate::handshake;
use crate::judge::{self, Violation};

/// The most bytes that events take, as [`Event::size`] counts them, and what a row takes beside its event.
const MAX_BYTES: usize = 32 << 20;
const ROW_BYTES: usize = 128;
/// The most connections that can be chosen; the one with the lowest number goes first.
const MAX_CONNECTIONS: usize = 1000;

/// One event.
#[derive(Debug)]
pub struct Row {
    pub event: Event,
    /// Microseconds since the first event of its connection that was seen.
    pub since: u64,
    /// Of a data frame.
    pub part: Option<Part>,
    /// Of a pong: its ping.
    pub answers: Option<Answered>,
    /// Of a ping: microseconds until its pong.
    pub answered_after: Option<u64>,
    pub violations: Vec<Violation>,
}

/// What is known about a connection.
#[derive(Debug)]
pub struct Connection {
    /// The path and query of its request, if that was seen.
    pub target: String,
    begun: u64,
    /// Until it has ended.
    flow: Option<Flow>,
    request: Option<Box<Request>>,
}

#[derive(Debug, Default)]
pub struct Trace {
    rows: VecDeque<Row>,
    /// The number of the first row that is kept.
    first: u64,
    bytes: usize,
    connections: BTreeMap<u64, Connection>,
    violations: u64,
}

impl Trace {
    /// The numbers of the rows that are kept.
    pub fn range(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.rows.len() as u64
    }

    pub fn row(&self, number: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Connections by number.
    pub fn connections(&self) -> impl Iterator<Item = (u64, &Connection)> {
        self.connections.iter().map(|(number, connection)| (*number, connection))
    }

    /// How many broken rules were seen, also in events that are not kept any more.
    pub fn violations(&self) -> u64 {
        self.violations
    }

    /// Adds an event. The oldest ones make room for it.
    pub fn push(&mut self, event: Event) {
        let number = self.range().end;
        let mut row = Row { since: 0, part: None, answers: None, answered_after: None, violations: Vec::new(), event };
        if let Happened::Missed { .. } = row.event.happened {
            // What frames mean is not known after a gap.
            self.connections.values_mut().for_each(|connection| connection.flow = Some(Flow::default()));
        } else {
            self.relate(&mut row, number);
        }
        if let Some(Answered { row: ping, after }) = row.answers
            && let Some(ping) = ping.checked_sub(self.first).and_then(|place| self.rows.get_mut(place as usize))
        {
            ping.answered_after = Some(after);
        }
        self.violations += row.violations.len() as u64;
        self.bytes += size(&row);
        self.rows.push_back(row);
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.rows.pop_front()
        {
            self.bytes -= size(&oldest);
            self.first += 1;
        }
    }

    /// Finds what the row means beside the others of its connection.
    fn relate(&mut self, row: &mut Row, number: u64) {
        let Event { connection, at, happened } = &row.event;
        let connection = self.connections.entry(*connection).or_insert_with(|| Connection {
            target: String::new(),
            begun: *at,
            flow: Some(Flow::default()),
            request: None,
        });
        row.since = at.saturating_sub(connection.begun);
        match happened {
            Happened::Request(request) => {
                connection.target.clone_from(&request.target);
                connection.flow = Some(Flow::from_the_start());
                connection.request = Some(request.clone());
            }
            Happened::Response(response) => {
                if let Some(flow) = &mut connection.flow {
                    flow.is_deflate_agreed = Some(handshake::agrees_on_deflate(response));
                }
                let request = connection.request.take();
                row.violations = request.map_or_else(Vec::new, |request| handshake::violations(&request, response));
            }
            Happened::Frame(frame) => {
                let flow = connection.flow.get_or_insert_default();
                row.violations = judge::violations(frame, flow);
                (row.part, row.answers) = flow.add(frame, number, *at);
            }
            Happened::Violation { reason, section, .. } => row.violations = vec![Violation::new(&**reason, section)],
            Happened::End => (connection.flow, connection.request) = (None, None),
            Happened::Missed { .. } => {}
        }
        if self.connections.len() > MAX_CONNECTIONS {
            self.connections.pop_first();
        }
    }
}

fn size(row: &Row) -> usize {
    ROW_BYTES + row.event.size() + row.violations.iter().map(|violation| violation.what.len()).sum::<usize>()
}

#[cfg(test)]
pub(crate) mod tests {
    use wire::event::{Direction, Frame};

    use super::*;
    use crate::flow::tests::{frame, text};
    use crate::handshake::tests::{request, response};

    pub(crate) fn trace(events: impl IntoIterator<Item = (u64, u64, Happened)>) -> Trace {
        let mut trace = Trace::default();
        for (connection, at, happened) in events {
            trace.push(Event { connection, at, happened });
        }
        trace
    }

    fn happened(frame: Frame) -> Happened {
        Happened::Frame(frame.into())
    }

    #[test]
    fn times_count_from_the_request_of_the_same_connection() {
        let trace = trace([
            (1, 1000, Happened::Request(request(&[]).into())),
            (2, 1500, Happened::Request(request(&[]).into())),
            (1, 1700, Happened::Response(response(&[]).into())),
            (2, 2500, Happened::End),
        ]);
        let times: Vec<u64> = trace.range().filter_map(|number| Some(trace.row(number)?.since)).collect();
        assert_eq!(times, [0, 0, 700, 1000]);
        let targets: Vec<_> = trace.connections().map(|(number, connection)| (number, &*connection.target)).collect();
        assert_eq!(targets, [(1, "/echo"), (2, "/echo")]);
    }

    #[test]
    fn compression_that_was_not_agreed_is_a_violation() {
        let compressed = || happened(Frame { rsv: 4, ..text(Direction::Out, "a") });
        let agreed = ("sec-websocket-extensions", "permessage-deflate");
        let offered = ("Sec-WebSocket-Extensions", "permessage-deflate");
        let trace = trace([
            (1, 0, Happened::Request(request(&[offered]).into())),
            (1, 0, Happened::Response(response(&[agreed]).into())),
            (1, 0, compressed()),
            (2, 0, Happened::Request(request(&[offered]).into())),
            (2, 0, Happened::Response(response(&[]).into())),
            (2, 0, compressed()),
        ]);
        assert_eq!(trace.violations(), 1);
        assert_eq!(trace.row(5).unwrap().violations[0].section, "RFC 6455, 5.2");
    }

    #[test]
    fn a_gap_makes_nothing_a_violation() {
        let start = || happened(Frame { fin: false, ..text(Direction::In, "a") });
        let trace = trace([
            (1, 0, Happened::Request(request(&[]).into())),
            (1, 0, Happened::Response(response(&[]).into())),
            (1, 0, start()),
            (0, 0, Happened::Missed { count: 3 }),
            (1, 0, start()),
            (1, 0, happened(Frame { opcode: 0, ..text(Direction::In, "b") })),
        ]);
        assert_eq!(trace.violations(), 0);
        assert_eq!(trace.row(5).unwrap().part.unwrap().frame, 2);
    }

    #[test]
    fn a_ping_learns_of_its_pong() {
        let trace = trace([
            (1, 100, happened(frame(Direction::Out, 9))),
            (1, 350, happened(frame(Direction::In, 10))),
            (1, 400, happened(frame(Direction::In, 10))),
        ]);
        assert_eq!(trace.row(0).unwrap().answered_after, Some(250));
        assert_eq!(trace.row(1).unwrap().answers, Some(Answered { row: 0, after: 250 }));
        assert_eq!(trace.row(2).unwrap().answers, None);
    }

    #[test]
    fn the_oldest_events_make_room() {
        let mut trace = Trace::default();
        for at in 0..200_000 {
            trace.push(Event { connection: at, at, happened: happened(text(Direction::In, "Hello")) });
        }
        let range = trace.range();
        assert!(range.start > 0 && range.end == 200_000, "{range:?}");
        assert!(trace.bytes <= MAX_BYTES && trace.connections.len() <= MAX_CONNECTIONS);
        assert!(
            trace.row(range.start).is_some() && trace.row(range.start - 1).is_none() && trace.row(range.end).is_none()
        );
    }

    #[test]
    fn the_judgement_of_the_server_is_a_violation() {
        let reason = "text is not valid UTF-8".to_owned();
        let section = "RFC 6455, 8.1".to_owned();
        let trace = trace([(1, 0, Happened::Violation { code: 1007, reason, section })]);
        assert_eq!((trace.violations(), &*trace.row(0).unwrap().violations[0].what), (1, "text is not valid UTF-8"));
    }
}
