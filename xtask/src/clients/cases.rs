//! The URLs that clients are tried with, and what the protocol says of each.

use wire::{Fault, HandshakeFault, LegalCase};

use super::report::{Message, Report};

/// A URL's path, and how a client is judged by what it makes of it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// With the query.
    pub(super) path: String,
    /// What happens, in a few words.
    pub(super) about: String,
    pub(super) rule: Rule,
    /// The section that says so: of RFC 6455, or of another RFC that is named.
    pub(super) section: &'static str,
    /// Whether the server refuses it to a client that does not offer permessage-deflate.
    pub(super) needs_deflate: bool,
    /// Whether the server agrees to permessage-deflate without being asked: to a client that does not offer it, an extension like
    /// any other.
    agrees_deflate: bool,
    /// What it means that a client accepts it.
    acceptance: Acceptance,
}

/// What the protocol asks of a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// It must fail or not open.
    MustFail,
    /// The server must not do this; what a client does then is not said.
    ServerMustNot,
    /// It must take exactly this.
    MustAccept(Vec<Message>, Option<u16>),
    /// Either is allowed.
    Free,
}

#[derive(Debug, Clone, Copy)]
enum Acceptance {
    /// The WebSocket opens.
    Open,
    /// It goes on, or delivers what is wrong, or takes a close frame with this code as a right one.
    GoesOn { code: Option<u16> },
    /// It delivers a message.
    Delivers,
    /// It waits for what cannot come.
    Waits,
}

impl Case {
    /// `lax`, `tolerant` or `strict` with the section, or nothing. *Lax*: accepts what the client must fail. *Tolerant*: accepts
    /// what the server must not do, where no rule tells the client what to do. *Strict*: fails what is right.
    pub(super) fn mark(&self, report: &Report, offers_deflate: bool) -> String {
        let (rule, section) =
            if self.agrees_deflate && !offers_deflate { (&Rule::MustFail, "4.1") } else { (&self.rule, self.section) };
        let verdict = match rule {
            Rule::MustFail if self.is_accepted(report) => "lax",
            Rule::ServerMustNot if self.is_accepted(report) => "tolerant",
            Rule::MustAccept(messages, code) if !report.took(messages, *code) => "strict",
            _ => return String::new(),
        };
        format!("{verdict} {section}")
    }

    fn is_accepted(&self, report: &Report) -> bool {
        let went_on = report.went_on() || report.messages().next().is_some();
        match self.acceptance {
            Acceptance::Open => report.opened,
            Acceptance::GoesOn { code } => went_on || (report.clean && code.is_some() && report.code == code),
            Acceptance::Delivers => report.messages().next().is_some(),
            Acceptance::Waits => went_on || report.waited,
        }
    }
}

/// All of them, in the order of the table.
pub(super) fn all() -> Vec<Case> {
    let handshakes = HandshakeFault::ALL.iter().map(|&fault| handshake(fault));
    let faults = Fault::ALL.iter().map(|&fault| frame(fault));
    let legal = LegalCase::ALL.iter().map(|&case| legal(case));
    handshakes.chain(faults).chain(closes()).chain(legal).chain(openings()).chain(refusals()).collect()
}

fn handshake(fault: HandshakeFault) -> Case {
    use HandshakeFault as F;
    use Rule::{Free, MustFail, ServerMustNot};
    let echoed = || Rule::MustAccept(Vec::new(), Some(1000));
    let (rule, section) = match fault {
        F::NoAccept | F::WrongAccept | F::EmptyAccept | F::NonAsciiAccept => (MustFail, "4.1"),
        F::TwoAccepts => (ServerMustNot, "11.3.3"),
        F::UnofferedExtension | F::NonAsciiExtension => (MustFail, "4.1"),
        F::UnknownParameter | F::WrongWindow | F::RepeatedParameter => (MustFail, "RFC 7692, 7.1"),
        // Both use RSV1.
        F::TwoExtensions => (MustFail, "RFC 7692, 5"),
        F::UnofferedSubprotocol | F::TwoSubprotocols | F::SubprotocolList => (MustFail, "4.1"),
        F::EmptySubprotocol => (MustFail, "4.2.2"),
        F::NoUpgrade | F::WrongUpgrade | F::NoConnection | F::WrongConnection => (MustFail, "4.1"),
        // A recipient may take LF alone as the end of a line.
        F::BareLf => (Free, "RFC 9112, 2.2"),
        F::NulInStatus | F::NulBefore => (ServerMustNot, "RFC 9112, 4"),
        // A reason may have bytes that are not ASCII (`obs-text`).
        F::NonAsciiStatus => (Free, "RFC 9112, 4"),
        // HTTP/1.0 has no 1xx.
        F::Http10 => (ServerMustNot, "RFC 9110, 15.2"),
        F::Http2 => (ServerMustNot, "RFC 9110, 2.5"),
        F::Http12 => (Free, "RFC 9110, 2.5"),
        F::Status200 | F::Status102 | F::NoStatus => (MustFail, "4.1"),
        F::SpaceBeforeColon => (ServerMustNot, "RFC 9112, 5.1"),
        // The server must not fold, and a client must take it for a space.
        F::FoldedHeader => (Free, "RFC 9112, 5.2"),
        F::NoColon => (ServerMustNot, "RFC 9112, 5"),
        // The bytes that follow are no frame, for a 101 has no body.
        F::ContentLength => (ServerMustNot, "RFC 9110, 8.6"),
        F::Chunked => (ServerMustNot, "RFC 9112, 6.1"),
        F::LongHead | F::ManyHeaders => (Free, "RFC 9110, 5.4"),
        F::Garbage | F::CutHead | F::Closed | F::Reset | F::Hang => (MustFail, "4.1"),
        F::OldHeaders | F::EmptyHeader | F::RepeatedHeader | F::SlowHead => (echoed(), "4.1"),
    };
    let acceptance = match fault {
        F::ContentLength | F::Chunked => Acceptance::GoesOn { code: None },
        _ => Acceptance::Open,
    };
    let agrees_deflate =
        matches!(fault, F::UnknownParameter | F::WrongWindow | F::RepeatedParameter | F::TwoExtensions);
    let path = format!("/handshake/{}", fault.name());
    Case { path, about: fault.sentence().to_owned(), rule, section, needs_deflate: false, agrees_deflate, acceptance }
}

fn frame(fault: Fault) -> Case {
    use Fault as F;
    use Rule::{Free, MustFail, ServerMustNot};
    let (rule, section) = match fault {
        F::Masked => (MustFail, "5.1"),
        F::Rsv1 | F::Rsv2 | F::Rsv3 | F::Opcode3 | F::Opcode11 | F::Http => (MustFail, "5.2"),
        F::Rsv1Ping | F::Rsv1Continuation => (MustFail, "RFC 7692, 6"),
        F::Utf8 | F::Utf8Split | F::Utf8Cut | F::Utf8Surrogate | F::Utf8Overlong | F::Utf8TooLarge => (MustFail, "8.1"),
        F::FragmentedPing | F::FragmentedClose | F::LongPing | F::LongClose => (ServerMustNot, "5.5"),
        F::StrayContinuation | F::Interleaved => (ServerMustNot, "5.4"),
        F::Length16 | F::Length64 | F::LengthTopBit => (ServerMustNot, "5.2"),
        // Right, and more than anybody has room for.
        F::LengthHuge => (Free, "10.4"),
        F::CutHeader | F::CutPayload | F::HalfClose => (MustFail, "7.1.5"),
        F::DataAfterClose => (ServerMustNot, "5.5.1"),
        F::PingAfterClose | F::TwoCloses => (Free, "5.5.1"),
        F::CloseOneByte => (ServerMustNot, "5.5.1"),
        F::CloseCode => (ServerMustNot, "7.4.1"),
        F::CloseUtf8 => (MustFail, "8.1"),
        F::CloseSilence => (Free, "7.1.1"),
        F::DeflateGarbage | F::DeflateTooFar | F::DeflateCut => (ServerMustNot, "RFC 7692, 7.2.1"),
        F::DeflateBomb => (Free, "10.4"),
        F::Stall => (Free, "7.1.5"),
    };
    let acceptance = match fault {
        F::DataAfterClose | F::PingAfterClose | F::TwoCloses => Acceptance::Delivers,
        F::LengthTopBit => Acceptance::Waits,
        // A close frame without a valid code is reported as one without any.
        F::CloseOneByte | F::CloseCode => Acceptance::GoesOn { code: Some(1005) },
        F::FragmentedClose | F::LongClose | F::CloseUtf8 | F::CutHeader | F::CutPayload | F::HalfClose => {
            Acceptance::GoesOn { code: Some(1000) }
        }
        _ => Acceptance::GoesOn { code: None },
    };
    let path = format!("/fault/{}?after=1", fault.name());
    let needs_deflate = fault.needs_deflate();
    Case { path, about: fault.sentence().to_owned(), rule, section, needs_deflate, agrees_deflate: false, acceptance }
}

/// Close frames with codes that are not in use, or not in a close frame.
fn closes() -> impl Iterator<Item = Case> {
    let codes = [
        (999, Rule::ServerMustNot, "7.4.2"),
        (1004, Rule::Free, "7.4.1"),
        (1006, Rule::ServerMustNot, "7.4.1"),
        (1015, Rule::ServerMustNot, "7.4.1"),
        // In the range that is reserved for later standards.
        (1016, Rule::Free, "7.4.2"),
        (2999, Rule::Free, "7.4.2"),
        (3000, Rule::MustAccept(Vec::new(), Some(3000)), "7.4.2"),
        (5000, Rule::Free, "7.4.2"),
        (65535, Rule::Free, "7.4.2"),
    ];
    codes.into_iter().map(|(code, rule, section): (u16, _, _)| Case {
        path: format!("/close/{code}?after=1"),
        about: format!("a close frame has the code {code}"),
        rule,
        section,
        needs_deflate: false,
        agrees_deflate: false,
        acceptance: Acceptance::GoesOn { code: Some(code) },
    })
}

fn legal(case: LegalCase) -> Case {
    use LegalCase as L;
    let hello = || vec![Message::text("Hello")];
    let (messages, code) = match case {
        L::EmptyText | L::EmptyBlock => (vec![Message::text("")], 1000),
        L::EmptyBinary => (vec![Message::binary(0, b"")], 1000),
        L::EmptyFragments | L::OneByteAtATime | L::Uncompressed | L::StoredBlock | L::Bfinal | L::DeflateFragments => {
            (hello(), 1000)
        }
        L::Lengths => (
            vec![125, 126, 127, 65_535, 65_536].into_iter().map(|size| Message::binary(size, b"xxxxxxxx")).collect(),
            1000,
        ),
        L::AllBytes => (vec![Message::binary(256, &[0, 1, 2, 3, 4, 5, 6, 7])], 1000),
        L::SplitCodePoints => (vec![Message::text("κόσμε")], 1000),
        L::ManyFragments => (vec![Message::text(&"x".repeat(1000))], 1000),
        L::Window9 => ([hello(), hello()].concat(), 1000),
        L::UnsolicitedPong | L::EmptyPing | L::LongestPing | L::CloseLongest | L::CloseWithin => (vec![], 1000),
        L::CloseAtOnce => (vec![], 1001),
        L::CloseEmpty => (vec![], 1005),
        L::CloseUnregistered => (vec![], 4999),
    };
    let accept = Rule::MustAccept(messages, Some(code));
    let (rule, section) = match case {
        L::EmptyText | L::EmptyBinary | L::AllBytes => (accept, "5.6"),
        L::Lengths => (accept, "5.2"),
        L::EmptyFragments | L::SplitCodePoints | L::ManyFragments | L::OneByteAtATime => (accept, "5.4"),
        L::UnsolicitedPong => (accept, "5.5.3"),
        L::EmptyPing | L::LongestPing => (accept, "5.5.2"),
        L::Uncompressed => (accept, "RFC 7692, 6"),
        L::DeflateFragments => (accept, "RFC 7692, 6.1"),
        L::EmptyBlock | L::StoredBlock | L::Bfinal | L::Window9 => (accept, "RFC 7692, 7.2.3"),
        L::CloseAtOnce | L::CloseUnregistered => (accept, "7.4"),
        L::CloseEmpty | L::CloseLongest => (accept, "5.5.1"),
        // What becomes of the message is not said.
        L::CloseWithin => (Rule::Free, "5.5.1"),
    };
    Case {
        path: format!("/legal/{}", case.name()),
        about: case.sentence().to_owned(),
        rule,
        section,
        needs_deflate: case.needs_deflate(),
        agrees_deflate: false,
        acceptance: Acceptance::Open,
    }
}

/// Openings that are right, and unusual.
fn openings() -> [Case; 2] {
    let case = |path: &str, about: &str, messages| Case {
        path: path.to_owned(),
        about: about.to_owned(),
        rule: Rule::MustAccept(messages, Some(1000)),
        section: "4.1",
        needs_deflate: false,
        agrees_deflate: false,
        acceptance: Acceptance::Open,
    };
    [
        case("/echo?hello=welcome", "a message comes with the answer to the handshake", vec![Message::text("welcome")]),
        case("/echo?open-delay=1s", "the handshake is answered after a second", Vec::new()),
    ]
}

fn refusals() -> impl Iterator<Item = Case> {
    let case = |path: String, about: String, rule| Case {
        path,
        about,
        rule,
        section: "4.1",
        needs_deflate: false,
        agrees_deflate: false,
        acceptance: Acceptance::Open,
    };
    let statuses = [204, 400, 401, 403, 404, 426, 429, 500, 502, 503, 504].into_iter();
    let statuses = statuses.map(move |status| {
        case(format!("/status/{status}"), format!("the handshake is refused with {status}"), Rule::MustFail)
    });
    let credentials =
        ["/auth/basic?user=a&password=b", "/auth/bearer?token=a", "/auth/protocol?token=a", "/auth/cookie?token=a"];
    let credentials = credentials.into_iter().map(move |path| {
        case(path.to_owned(), "credentials are asked for, and there are none".to_owned(), Rule::MustFail)
    });
    // A client may follow a redirect.
    let redirects = [301, 302, 303, 307, 308].into_iter().map(move |status| {
        case(format!("/redirect?to=/echo&status={status}"), format!("a redirect with {status}"), Rule::Free)
    });
    statuses.chain(credentials).chain(redirects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_a_url_of_the_language() {
        for case in all() {
            assert!(case.path.parse::<wire::Target>().is_ok(), "{}", case.path);
            assert!(!case.section.is_empty() && !case.about.is_empty(), "{}", case.path);
        }
    }

    #[test]
    fn a_client_is_lax_tolerant_or_strict_by_the_rule() {
        let all = all();
        let mark = |path: &str, line: &str| {
            let case = all.iter().find(|case| case.path == path).unwrap();
            case.mark(&Report::parse(line).unwrap().1, true)
        };
        let goes_on = r#"{"url": "x", "opened": true, "messages": [{"kind": "text", "size": 5, "start": "hello"},
            {"kind": "text", "size": 5, "start": "again"}], "code": 1000, "reason": "", "clean": true, "error": "", "waited": false}"#;
        let fails = r#"{"url": "x", "opened": true, "messages": [{"kind": "text", "size": 5, "start": "hello"}],
            "code": 1006, "reason": "", "clean": false, "error": "error", "waited": false}"#;
        assert_eq!(mark("/fault/masked?after=1", goes_on), "lax 5.1");
        assert_eq!(mark("/fault/masked?after=1", fails), "");
        assert_eq!(mark("/fault/length-16?after=1", goes_on), "tolerant 5.2");
        assert_eq!(mark("/handshake/no-accept", fails), "lax 4.1");
        assert_eq!(mark("/handshake/slow-head", goes_on), "");
        assert_eq!(mark("/legal/empty-ping", fails), "strict 5.5.2");
        assert_eq!(mark("/close/3000?after=1", fails), "strict 7.4.2");
        assert_eq!(mark("/fault/stall?after=1", goes_on), "");
    }

    #[test]
    fn an_agreement_to_compression_is_another_fault_where_it_was_not_offered() {
        let all = all();
        let case = all.iter().find(|case| case.path == "/handshake/wrong-window").unwrap();
        let line = r#"{"url": "x", "opened": true, "messages": [], "code": null, "reason": "", "clean": false, "error": "", "waited": true}"#;
        let (_, report) = Report::parse(line).unwrap();
        assert_eq!(case.mark(&report, true), "lax RFC 7692, 7.1");
        assert_eq!(case.mark(&report, false), "lax 4.1");
    }
}
