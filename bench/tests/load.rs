//! The load against small servers, each correct or wrong in one way.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process, thread,
    time::Duration,
};

use anyhow::Result;
use bench::{
    answers::{Check, Expected},
    load::{self, Outcome, Pace, Plan},
    messages::{Kind, Messages},
};
use testkit::handshake::Compression;

/// A server that echoes what `change` makes of a payload of less than 126 bytes, on a thread for each connection.
fn server(change: fn(usize, &mut Vec<u8>)) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || echo(stream, change));
        }
    });
    Ok(port)
}

fn echo(mut stream: TcpStream, change: fn(usize, &mut Vec<u8>)) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    )?;
    for number in 0.. {
        let mut header = [0; 6];
        stream.read_exact(&mut header)?;
        let [first, length, key @ ..] = header;
        let mut payload = vec![0; usize::from(length & 0x7f)];
        stream.read_exact(&mut payload)?;
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        change(number, &mut payload);
        stream.write_all(&[&[first, payload.len() as u8], &payload[..]].concat())?;
    }
    Ok(())
}

fn run(port: u16, pace: Pace, check: Check) -> Result<Outcome> {
    let messages = Messages::prepare(Kind::Utf8, 40, 64, Compression::Off)?;
    load::run(&Plan {
        target: format!("ws://127.0.0.1:{port}/echo").parse()?,
        processes: vec![process::id()],
        connections: 4,
        active: 3,
        in_flight: 2,
        compression: Compression::Off,
        pace,
        expected: Expected { messages, prefix: Vec::new(), check },
        warm_up: Duration::ZERO,
        length: Duration::from_secs(5),
        most: 300,
    })
}

#[test]
fn as_many_messages_count_as_were_asked_for() {
    let outcome = run(server(|_, _| {}).unwrap(), Pace::Closed, Check::Bytes).unwrap();
    // Answers that came together with the last one count, too.
    assert!((300..310).contains(&outcome.messages), "{}", outcome.messages);
    assert_eq!(outcome.latency.len(), outcome.messages);
}

#[test]
fn a_byte_that_was_changed_is_noticed_where_every_byte_is_looked_at() {
    let port = server(|number, payload| payload[7] ^= u8::from(number == 50)).unwrap();
    run(port, Pace::Closed, Check::Lengths).unwrap();
    let error = format!("{:#}", run(port, Pace::Closed, Check::Bytes).unwrap_err());
    assert!(error.contains("from byte 0 on an answer is '"), "{error}");
}

#[test]
fn an_answer_that_is_too_short_is_noticed_in_any_case() {
    let port = server(|number, payload| payload.truncate(40 - number / 50)).unwrap();
    let error = format!("{:#}", run(port, Pace::Closed, Check::Lengths).unwrap_err());
    assert!(error.ends_with("an answer has 39 bytes instead of 40"), "{error}");
}

#[test]
fn an_open_loop_charges_a_pause_to_every_message_that_was_due_in_it() {
    let pause = |number, _: &mut Vec<u8>| {
        if number == 30 {
            thread::sleep(Duration::from_millis(300));
        }
    };
    let outcome = run(server(pause).unwrap(), Pace::Open(300.0), Check::Bytes).unwrap();
    let waited = outcome.latency.len() as f64 * (1.0 - outcome.latency.quantile_below(50_000_000));
    // Each of the three connections pauses once, with a message due every ten milliseconds.
    assert!(waited > 60.0, "only {waited} messages waited for more than 50 ms");
}
