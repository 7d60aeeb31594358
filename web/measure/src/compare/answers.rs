//! The table that tutorials have of HTTP and WebSocket, each row with the figures of the comparison, and what was measured in a
//! sentence.

use model::{Count, Counted, Size};

use super::bytes::{Masked, frame};
use super::{Comparison, FEW, LARGE, Measured, PUSHES_PER_SECOND, Way};
use crate::round_trip::Micros;
use crate::words::time;

/// What is not known.
pub(super) const UNKNOWN: &str = "–";
/// Pings of Python's `websockets`, with 4 bytes each, in an hour: one every
/// [20 seconds](https://websockets.readthedocs.io/en/stable/topics/keepalive.html).
const PINGS: u64 = 3600 / 20;
/// Times that differ by less, in percent, are as good.
const MARGIN: u64 = 10;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub topic: &'static str,
    /// What tutorials say.
    pub claim: &'static str,
    pub http: String,
    pub socket: String,
    /// Whether it is so.
    pub finding: String,
}

/// What was measured, in which browser, on what.
pub fn sentence(found: &Comparison, on: &str) -> String {
    let Comparison { plan, browser, version, .. } = found;
    format!(
        "{} of {} with {} over {version} and WebSocket, and {FEW} of {}, in {}, on {on}.",
        Counted(plan.count.into(), "exchange"),
        Size(plan.size.into()),
        plan.server,
        Size(LARGE.into()),
        browser_name(browser),
    )
}

/// `Chrome 140`, `Firefox 143`, or the User-Agent if it names none that is known.
pub fn browser_name(user_agent: &str) -> String {
    // Each but Firefox and Safari names Chrome, too, and Chrome names Safari.
    let known = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome (headless)"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    let found = known.iter().find_map(|(token, name)| {
        let version = user_agent.split_once(token)?.1;
        Some(format!("{name} {}", version.split(['.', ' ']).next()?))
    });
    found.unwrap_or_else(|| user_agent.to_owned())
}

/// The table's rows; one that needs what was not measured yet says so by dashes.
pub fn answers(found: &Comparison) -> Vec<Answer> {
    vec![
        connection(found),
        direction(found),
        overhead(found),
        latency(found),
        real_time(found),
        state(found),
        once(found),
        hourly(found),
        large(found),
    ]
}

fn connection(found: &Comparison) -> Answer {
    let opened = |way| match found.of(way).map(|measured| measured.connections) {
        None => UNKNOWN.to_owned(),
        Some(None) => "the browser does not tell how many".to_owned(),
        Some(Some(0)) => "none, as those that were open served all".to_owned(),
        Some(Some(count)) => Count(count.into()).to_string(),
    };
    let socket = found.of(Way::SocketOneByOne);
    Answer {
        topic: "Connection",
        claim: "HTTP: one for each request. WebSocket: one that stays open.",
        http: format!("Opened: one by one {}; at once {}.", opened(Way::FetchOneByOne), opened(Way::FetchAtOnce)),
        socket: match socket {
            Some(Measured { handshake: Some(handshake), .. }) => {
                format!("One WebSocket, opened in {}.", time(*handshake))
            }
            _ => UNKNOWN.to_owned(),
        },
        finding: match found.of(Way::FetchOneByOne).and_then(|measured| measured.connections) {
            None => UNKNOWN.to_owned(),
            Some(count) if count <= 1 => {
                format!("Not so: HTTP keeps its connection open as well, for {}.", requests(found))
            }
            Some(count) => format!("{} for {}.", Counted(count.into(), "connection"), requests(found)),
        },
    }
}

fn requests(found: &Comparison) -> String {
    Counted(found.plan.count.into(), "request").to_string()
}

fn direction(found: &Comparison) -> Answer {
    let pushed = |way| match found.of(way) {
        Some(Measured { times, sent: Some(sent), .. }) => {
            format!(
                "{} came after {} B went out to ask for them.",
                Counted(times.count, "push").to_string().replace("pushs", "pushes"),
                Count(*sent)
            )
        }
        Some(Measured { times, .. }) => format!("{} came.", Count(times.count)),
        None => UNKNOWN.to_owned(),
    };
    Answer {
        topic: "Direction",
        claim: "HTTP: the client asks, the server answers. WebSocket: both send at any time.",
        http: format!("Server-sent events: {}", pushed(Way::Events)),
        socket: pushed(Way::SocketPushes),
        finding: "From the server alone, HTTP pushes as well; what the client says meanwhile is another request."
            .into(),
    }
}

fn overhead(found: &Comparison) -> Answer {
    let size = u64::from(found.plan.size);
    let (sent, received) = (frame(size, Masked::Yes) - size, frame(size, Masked::No) - size);
    let heads = (found.heads.request, found.heads.response);
    Answer {
        topic: "Overhead",
        claim: "HTTP: heads of 200 B to 2 KB with each request. WebSocket: 2 to 14 B with each message.",
        http: match heads {
            (Some(request), Some(response)) => {
                format!("{request} B of head out and {response} B back with each exchange.")
            }
            (Some(request), None) => format!("{request} B of head out; the browser does not show what comes back."),
            _ => format!("Over {} heads are compressed; nobody tells their size.", found.version),
        },
        socket: format!("{sent} B of frame header out and {received} B back."),
        finding: match heads {
            (Some(request), Some(response)) => {
                let ratio = (request + response) / (sent + received);
                format!("{} times as much with HTTP, beside {size} B of content each way.", Count(ratio))
            }
            _ => UNKNOWN.to_owned(),
        },
    }
}

fn latency(found: &Comparison) -> Answer {
    compared(
        found,
        "Latency",
        "HTTP: higher. WebSocket: lower.",
        (Way::FetchOneByOne, Way::SocketOneByOne),
        "a round trip",
    )
}

fn real_time(found: &Comparison) -> Answer {
    let late = |way| {
        found.of(way).map_or(UNKNOWN.to_owned(), |measured| {
            format!("{} later than the fastest at p50, {} at p99.", time(measured.times.p50), time(measured.times.p99))
        })
    };
    Answer {
        topic: "Real time",
        claim: "HTTP: polling. WebSocket: messages come as they happen.",
        http: format!("Server-sent events, {PUSHES_PER_SECOND}/s: {}", late(Way::Events)),
        socket: format!("{PUSHES_PER_SECOND}/s: {}", late(Way::SocketPushes)),
        finding: match (found.of(Way::Events), found.of(Way::SocketPushes)) {
            (Some(events), Some(socket)) if events.times.p99.abs_diff(socket.times.p99) < 1000 => {
                "As good: server-sent events differ by less than 1 ms at p99. Polling waits half its interval.".into()
            }
            (Some(events), Some(socket)) => {
                let (first, by) = if socket.times.p99 < events.times.p99 {
                    ("WebSocket", events.times.p99 - socket.times.p99)
                } else {
                    ("Server-sent events", socket.times.p99 - events.times.p99)
                };
                format!("{first}, by {} at p99. Polling waits half its interval.", time(by))
            }
            _ => UNKNOWN.into(),
        },
    }
}

fn state(found: &Comparison) -> Answer {
    let times = u64::from(found.plan.count);
    Answer {
        topic: "State",
        claim: "HTTP: none, each request says everything. WebSocket: the connection remembers.",
        http: found.heads.request.map_or(UNKNOWN.to_owned(), |head| {
            format!("Said {} times, in {head} B of head each: {}.", Count(times), Size(times * head))
        }),
        socket: match found.heads.handshake_request {
            Some(head) => format!("Said once, in the {head} B that open it."),
            None => UNKNOWN.to_owned(),
        },
        finding: match (found.heads.request, found.heads.handshake_request) {
            (Some(request), Some(handshake)) => {
                let after = handshake.div_ceil(request.max(1)) + 1;
                format!("So, from {} on.", Counted(after, "exchange"))
            }
            _ => UNKNOWN.to_owned(),
        },
    }
}

fn once(found: &Comparison) -> Answer {
    compared(
        found,
        "A message once",
        "HTTP: simpler where nothing follows.",
        (Way::FetchOneByOne, Way::SocketEach),
        "an exchange, WebSocket opened and closed for it",
    )
}

/// Computed, because nobody waits an hour: heads and frames as they were measured.
fn hourly(found: &Comparison) -> Answer {
    let size = u64::from(found.plan.size);
    let http = found.heads.request.zip(found.heads.response).map(|(request, response)| request + response + 2 * size);
    let pings = PINGS * (frame(4, Masked::No) + frame(4, Masked::Yes));
    let socket = pings + frame(size, Masked::Yes) + frame(size, Masked::No);
    Answer {
        topic: "One request an hour",
        claim: "HTTP: as good where little is said.",
        http: http.map_or(UNKNOWN.to_owned(), |http| format!("{http} B each hour (computed).")),
        socket: format!("{socket} B each hour (computed): {PINGS} pings keep it open, one each 20 s."),
        finding: match http {
            Some(http) if http < socket => "HTTP: an idle WebSocket sends more to stay open.".into(),
            Some(_) => "WebSocket, even with its pings.".into(),
            None => UNKNOWN.into(),
        },
    }
}

fn large(found: &Comparison) -> Answer {
    let answer = compared(
        found,
        "Large bodies",
        "HTTP: as good, heads do not count.",
        (Way::FetchLarge, Way::SocketLarge),
        "1 MiB there and back",
    );
    let large = u64::from(LARGE);
    let frames = frame(large, Masked::Yes) + frame(large, Masked::No) - 2 * large;
    let share =
        |overhead: u64| format!("{}.{:03} %", overhead * 100 / (2 * large), overhead * 100_000 / (2 * large) % 1000);
    let heads = found.heads.large_request.zip(found.heads.large_response);
    Answer {
        http: match heads {
            Some((request, response)) => {
                format!("{} Heads are {} of it.", answer.http, share(request + response))
            }
            None => answer.http,
        },
        socket: format!("{} Frame headers are {} of it.", answer.socket, share(frames)),
        ..answer
    }
}

/// Two ways by their times.
fn compared(
    found: &Comparison,
    topic: &'static str,
    claim: &'static str,
    (http, socket): (Way, Way),
    what: &str,
) -> Answer {
    let (http, socket) = (found.of(http), found.of(socket));
    let times = |measured: Option<&Measured>| {
        measured.map_or(UNKNOWN.to_owned(), |Measured { times, .. }| {
            format!("{} at p50, {} at p99.", time(times.p50), time(times.p99))
        })
    };
    Answer {
        topic,
        claim,
        http: times(http),
        socket: times(socket),
        finding: match (http, socket) {
            (Some(http), Some(socket)) => faster(http.times.p50, socket.times.p50, what),
            _ => UNKNOWN.to_owned(),
        },
    }
}

fn faster(http: Micros, socket: Micros, what: &str) -> String {
    let (first, fast, slow) = if socket <= http { ("WebSocket", socket, http) } else { ("HTTP", http, socket) };
    let percent = slow * 100 / fast.max(1);
    match percent.saturating_sub(100) {
        ..=MARGIN => format!("As fast: the medians of {what} differ by {MARGIN} % at most."),
        _ => format!("{first}: the other takes {}.{} times as long for {what}.", percent / 100, percent % 100 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Plan;
    use crate::compare::bytes::Heads;
    use crate::compare::ways::{to_csv, ways};
    use crate::round_trip::Percentiles;

    fn measured(way: Way, p50: u64, p99: u64) -> Measured {
        Measured {
            way,
            times: Percentiles { count: 100, p50, p99, ..Percentiles::default() },
            total: 100 * p50,
            sent: Some(1000),
            received: Some(500),
            connections: Some(1),
            handshake: Some(900),
            failure: None,
        }
    }

    fn found() -> Comparison {
        let plan = Plan::new("ws://localhost:12345/", "64", "100").unwrap();
        let heads = Heads { request: Some(500), response: Some(260), handshake_request: Some(600), ..Heads::default() };
        let ways = [(Way::FetchOneByOne, 900, 2000), (Way::SocketOneByOne, 200, 400), (Way::SocketEach, 950, 990)];
        let measured = ways.map(|(way, p50, p99)| measured(way, p50, p99)).to_vec();
        Comparison {
            heads,
            measured,
            version: "HTTP/1.1".into(),
            ..Comparison::new(plan, "x Chrome/140.0.0 Safari/5".into())
        }
    }

    fn answer(found: &Comparison, topic: &str) -> Answer {
        answers(found).into_iter().find(|answer| answer.topic == topic).unwrap()
    }

    #[test]
    fn the_sentence_says_what_was_measured_in_which_browser_on_what() {
        assert_eq!(
            sentence(&found(), "Linux"),
            "100 exchanges of 64 B with ws://localhost:12345 over HTTP/1.1 and WebSocket, and 10 of 1.0 MiB, in Chrome 140, on Linux."
        );
    }

    #[test]
    fn browsers_are_told_apart_though_each_names_others() {
        let names = [
            ("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome 140"),
            ("Mozilla/5.0 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.1", "Edge 140"),
            ("Mozilla/5.0 (X11; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143"),
            ("Mozilla/5.0 (Macintosh) Version/18.4 Safari/605.1.15", "Safari 18"),
            ("curl/8", "curl/8"),
        ];
        for (user_agent, name) in names {
            assert_eq!(browser_name(user_agent), name);
        }
    }

    #[test]
    fn each_row_has_its_figures() {
        let found = found();
        let overhead = answer(&found, "Overhead");
        assert_eq!(overhead.http, "500 B of head out and 260 B back with each exchange.");
        assert_eq!(overhead.socket, "6 B of frame header out and 2 B back.");
        assert_eq!(overhead.finding, "95 times as much with HTTP, beside 64 B of content each way.");
        let latency = answer(&found, "Latency");
        assert_eq!(latency.http, "900 µs at p50, 2.0 ms at p99.");
        assert_eq!(latency.finding, "WebSocket: the other takes 4.5 times as long for a round trip.");
        let connection = answer(&found, "Connection");
        assert_eq!(connection.finding, "Not so: HTTP keeps its connection open as well, for 100 requests.");
        assert_eq!(answer(&found, "State").finding, "So, from 3 exchanges on.");
    }

    #[test]
    fn http_is_as_good_where_it_is() {
        let found = found();
        let once = answer(&found, "A message once").finding;
        assert!(once.starts_with("As fast: "), "{once}");
        let hourly = answer(&found, "One request an hour");
        // 180 pings of 6 B and as many pongs of 10 B, and the message of 70 B and its echo of 66.
        assert_eq!(hourly.socket, "3016 B each hour (computed): 180 pings keep it open, one each 20 s.");
        assert_eq!(hourly.http, "888 B each hour (computed).");
        assert_eq!(hourly.finding, "HTTP: an idle WebSocket sends more to stay open.");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let found = Comparison { heads: Heads::default(), measured: Vec::new(), ..found() };
        for topic in
            ["Connection", "Overhead", "Latency", "Real time", "State", "A message once", "One request an hour"]
        {
            assert_eq!(answer(&found, topic).finding, UNKNOWN, "{topic}");
        }
    }

    #[test]
    fn a_way_that_failed_says_why() {
        let mut found = found();
        found.measured[1].failure = Some("the server said \"no\"".into());
        assert_eq!(ways(&found)[1], ("WebSocket, one by one", Err("the server said \"no\"".into())));
        assert_eq!(answer(&found, "Latency").finding, UNKNOWN);
        assert!(to_csv(&found, "Linux").contains("\"WebSocket, one by one\",\"the server said \"\"no\"\"\"\r\n"));
    }
}
