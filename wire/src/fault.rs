//! What the server can do wrong, or right but rarely seen. Each is a name in a URL; what bytes it means is the server's
//! matter.

use crate::choice::choices;

choices! {
    /// `/handshake/{fault}`: what is wrong with the answer to the handshake, or unusual about it.
    HandshakeFault {
        NoAccept "no-accept" "there is no Sec-WebSocket-Accept"
        WrongAccept "wrong-accept" "Sec-WebSocket-Accept is that of another key, and a frame follows"
        EmptyAccept "empty-accept" "Sec-WebSocket-Accept is empty"
        TwoAccepts "two-accepts" "Sec-WebSocket-Accept is there twice, with a right and a wrong value"
        NonAsciiAccept "non-ascii-accept" "Sec-WebSocket-Accept has bytes that are not ASCII"
        UnofferedExtension "unoffered-extension" "an extension that nobody offered is agreed"
        UnknownParameter "unknown-parameter" "permessage-deflate has a parameter that does not exist"
        WrongWindow "wrong-window" "permessage-deflate has a window of 7 bits"
        RepeatedParameter "repeated-parameter" "permessage-deflate has the same parameter twice"
        TwoExtensions "two-extensions" "permessage-deflate is agreed twice"
        NonAsciiExtension "non-ascii-extension" "Sec-WebSocket-Extensions has bytes that are not ASCII"
        UnofferedSubprotocol "unoffered-subprotocol" "a subprotocol that nobody offered is chosen"
        EmptySubprotocol "empty-subprotocol" "Sec-WebSocket-Protocol is empty"
        TwoSubprotocols "two-subprotocols" "Sec-WebSocket-Protocol is there twice"
        SubprotocolList "subprotocol-list" "Sec-WebSocket-Protocol names two, in one header"
        NoUpgrade "no-upgrade" "there is no Upgrade"
        WrongUpgrade "wrong-upgrade" "Upgrade is h2c"
        NoConnection "no-connection" "there is no Connection"
        WrongConnection "wrong-connection" "Connection is keep-alive"
        BareLf "bare-lf" "lines end in LF alone"
        NulInStatus "nul-in-status" "the reason of the status line has a NUL in it"
        NulBefore "nul-before" "a NUL comes before the status line"
        NonAsciiStatus "non-ascii-status" "the reason of the status line is not ASCII"
        Http10 "http-1.0" "the version is HTTP/1.0"
        Http12 "http-1.2" "the version is HTTP/1.2, which clients may accept"
        Http2 "http-2.0" "the version is HTTP/2.0"
        Status200 "status-200" "the status is 200"
        Status102 "status-102" "the status is 102"
        NoStatus "no-status" "the status line has no number"
        SpaceBeforeColon "space-before-colon" "a space comes before the colon of Upgrade"
        FoldedHeader "folded-header" "a header is folded over two lines"
        NoColon "no-colon" "a line of the head has no colon"
        ContentLength "content-length" "Content-Length is 5, and the 5 bytes follow"
        Chunked "chunked" "Transfer-Encoding is chunked, and an empty body follows"
        LongHead "long-head" "the head has 1 MiB"
        ManyHeaders "many-headers" "the head has 10,000 headers"
        Garbage "garbage" "garbage takes the place of the status line"
        CutHead "cut-head" "the connection ends within the head"
        Hang "hang" "the answer never comes"
        Closed "closed" "the connection ends without an answer"
        Reset "reset" "the connection is reset without an answer"
        OldHeaders "old-headers" "headers of an older draft stand beside the right ones, which is allowed"
        EmptyHeader "empty-header" "a header has an empty value, which is allowed"
        RepeatedHeader "repeated-header" "a header without meaning is there twice, which is allowed"
        SlowHead "slow-head" "the head comes in pieces of one byte, which is allowed"
    }
}

choices! {
    /// `/fault/{fault}`: the frame that is wrong.
    Fault {
        Masked "masked" "a text message is masked"
        Rsv1 "rsv1" "RSV1 is set on a text message that is not compressed"
        Rsv2 "rsv2" "RSV2 is set on a text message"
        Rsv3 "rsv3" "RSV3 is set on a text message"
        Rsv1Ping "rsv1-ping" "RSV1 is set on a ping"
        Rsv1Continuation "rsv1-continuation" "RSV1 is set on a continuation"
        Opcode3 "opcode-3" "the opcode is 3, which is reserved for data"
        Opcode11 "opcode-11" "the opcode is 11, which is reserved for control frames"
        Utf8 "utf8" "a text message is not UTF-8"
        Utf8Split "utf8-split" "a text message in two frames is not UTF-8, at their border"
        Utf8Cut "utf8-cut" "a text message ends within a code point"
        Utf8Surrogate "utf8-surrogate" "a text message has a surrogate in UTF-8"
        Utf8Overlong "utf8-overlong" "a text message has an overlong form of a slash"
        Utf8TooLarge "utf8-too-large" "a text message has a code point beyond U+10FFFF"
        FragmentedPing "fragmented-ping" "a ping is fragmented"
        FragmentedClose "fragmented-close" "a close frame is fragmented"
        LongPing "long-ping" "a ping has 126 bytes"
        LongClose "long-close" "a close frame has 126 bytes"
        StrayContinuation "stray-continuation" "a continuation has nothing to continue"
        Interleaved "interleaved" "a text message begins within another one"
        Length16 "length-16" "a length of 5 takes 16 bits"
        Length64 "length-64" "a length of 5 takes 64 bits"
        LengthTopBit "length-top-bit" "a length is 2^63"
        LengthHuge "length-huge" "a length is 2^63 - 1"
        CutHeader "cut-header" "the connection ends within a frame's header"
        CutPayload "cut-payload" "the connection ends within a frame's payload"
        DataAfterClose "data-after-close" "a text message follows the close frame"
        PingAfterClose "ping-after-close" "a ping follows the close frame"
        TwoCloses "two-closes" "a second close frame follows the first"
        CloseOneByte "close-one-byte" "a close frame has one byte"
        CloseCode "close-code" "a close frame has the code 1005"
        CloseUtf8 "close-utf8" "the reason of a close frame is not UTF-8"
        CloseSilence "close-silence" "after a close frame the connection stays open, and nothing is answered"
        DeflateGarbage "deflate-garbage" "a compressed message is no deflate stream"
        DeflateTooFar "deflate-too-far" "a compressed message refers back beyond its beginning"
        DeflateCut "deflate-cut" "a compressed message ends within a block"
        DeflateBomb "deflate-bomb" "a compressed message of 64 KiB inflates to 64 MiB"
        Stall "stall" "a frame begins, and the rest of it never comes"
        HalfClose "half-close" "the server's side of the connection ends, without a close frame"
        Http "http" "an HTTP response comes instead of a frame"
    }
}

choices! {
    /// `/legal/{case}`: what is right, and rarely seen.
    LegalCase {
        EmptyText "empty-text" "an empty text message"
        EmptyBinary "empty-binary" "an empty binary message"
        EmptyFragments "empty-fragments" "a text message in three frames, the first and the last of which are empty"
        Lengths "lengths" "binary messages of 125, 126, 127, 65,535 and 65,536 bytes"
        AllBytes "all-bytes" "a binary message with each byte value once"
        SplitCodePoints "split-code-points" "a text in frames of one byte, which cut its code points, with pings between them"
        ManyFragments "many-fragments" "a text message in 1,000 frames"
        OneByteAtATime "one-byte-at-a-time" "a text message whose bytes come one by one"
        UnsolicitedPong "unsolicited-pong" "a pong that nobody asked for"
        EmptyPing "empty-ping" "a ping without payload"
        LongestPing "longest-ping" "a ping with 125 bytes"
        Uncompressed "uncompressed" "a message that is not compressed, where compression was agreed"
        EmptyBlock "empty-block" "a compressed message that is one empty block"
        StoredBlock "stored-block" "a compressed message in a block that is stored as it is"
        Bfinal "bfinal" "a compressed message whose last block is marked as final"
        DeflateFragments "deflate-fragments" "a compressed message in two frames"
        Window9 "window-9" "two compressed messages with a window of 9 bits, the second of which refers to the first"
        CloseAtOnce "close-at-once" "close code 1001 in the same segment as the answer to the handshake"
        CloseEmpty "close-empty" "a close frame without a code"
        CloseLongest "close-longest" "a close frame with a reason of 123 bytes"
        CloseWithin "close-within" "a close frame between the frames of a message"
        CloseUnregistered "close-unregistered" "a close frame with the code 4999"
    }
}

impl Fault {
    /// Whether it means something only where permessage-deflate was agreed; elsewhere RSV1 is the fault.
    pub fn needs_deflate(self) -> bool {
        use Fault::{DeflateBomb, DeflateCut, DeflateGarbage, DeflateTooFar, Rsv1Continuation};
        matches!(self, DeflateBomb | DeflateCut | DeflateGarbage | DeflateTooFar | Rsv1Continuation)
    }
}

impl LegalCase {
    /// Whether it is only legal where permessage-deflate was agreed.
    pub fn needs_deflate(self) -> bool {
        use LegalCase::{Bfinal, DeflateFragments, EmptyBlock, StoredBlock, Uncompressed, Window9};
        matches!(self, Bfinal | DeflateFragments | EmptyBlock | StoredBlock | Uncompressed | Window9)
    }
}
