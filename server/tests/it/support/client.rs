//! A WebSocket client of tokio-tungstenite's, with waits that end.

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async, connect_async,
    tungstenite::{ClientRequestBuilder, Error, Message, protocol::CloseFrame},
};

use super::within;

type Socket = WebSocketStream<Box<dyn Io>>;

/// What a WebSocket can go over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

pub struct Client {
    socket: Socket,
}

impl Client {
    pub async fn connect(url: &str) -> Self {
        let authority = url.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let stream = within("a connection", TcpStream::connect(authority)).await.unwrap();
        Self::over(stream, url).await
    }

    /// Opens a WebSocket over a stream.
    pub async fn over(stream: impl Io + 'static, url: &str) -> Self {
        let stream: Box<dyn Io> = Box::new(stream);
        let (socket, _) = within("the handshake", client_async(url, stream)).await.unwrap();
        Self { socket }
    }

    /// The same with a request of the test's own.
    pub async fn over_with(stream: impl Io + 'static, request: ClientRequestBuilder) -> Self {
        let stream: Box<dyn Io> = Box::new(stream);
        let (socket, _) = within("the handshake", client_async(request, stream)).await.unwrap();
        Self { socket }
    }

    /// The socket, for waits that may fail.
    pub fn into_inner(self) -> Socket {
        self.socket
    }

    /// The two directions, for a client that does both at once.
    pub fn split(self) -> (SplitSink<Socket, Message>, SplitStream<Socket>) {
        self.socket.split()
    }

    /// The status with which the server refuses a WebSocket at this address.
    pub async fn refused(url: &str) -> (u16, String) {
        match within("the refusal", connect_async(url)).await {
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                (response.status().as_u16(), String::from_utf8(body).unwrap())
            }
            other => panic!("expected a refusal, not {other:?}"),
        }
    }

    pub async fn send(&mut self, message: impl Into<Message>) {
        within("room to send", self.socket.send(message.into())).await.unwrap();
    }

    /// The next message, control frames too.
    pub async fn recv(&mut self) -> Message {
        within("a message", self.socket.next()).await.expect("a message, not the end").unwrap()
    }

    /// Awaits a close frame as the next message, and then the end of the connection.
    pub async fn expect_close(&mut self, code: u16, reason: &str) {
        match self.recv().await {
            Message::Close(Some(CloseFrame { code: got, reason: text })) => {
                assert_eq!((u16::from(got), text.as_str()), (code, reason));
            }
            other => panic!("expected close {code}, not {other:?}"),
        }
        self.expect_end().await;
    }

    /// Awaits the end of the connection after the closing handshake.
    pub async fn expect_end(&mut self) {
        let end = within("the end", self.socket.next()).await;
        assert!(matches!(end, None | Some(Err(Error::ConnectionClosed))), "expected the end, not {end:?}");
    }

    /// Sends a close frame.
    pub async fn close(&mut self, frame: Option<CloseFrame>) {
        within("room to close", self.socket.close(frame)).await.unwrap();
    }
}
