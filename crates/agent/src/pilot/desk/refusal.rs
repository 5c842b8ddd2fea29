//! What an error of a call means for the pilot.

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// No server of ours answered: go on, and try again later.
    Away,
    /// The token is not taken any more: get another one.
    Stranger,
    /// The server has done with this pilot: what it runs is nobody's.
    CastOut,
    /// The server does not take what the call carried.
    Refused,
}

/// The words by which a server says that it has done with a pilot.
const CAST_OUT: [&str; 4] = ["unknown-pilot", "superseded", "pilot-ended", "not-this-pilot"];

/// Reads an error of any call with the pilot's token. A refusal in words that are not the server's is that of something
/// between us and it, such as a proxy, and says nothing about the pilot.
pub(super) fn meaning(error: &wire::Error) -> Meaning {
    match (error.code(), error.status()) {
        _ if error.is_foreign() => Meaning::Away,
        (Some(code), _) if CAST_OUT.contains(&code) => Meaning::CastOut,
        (_, Some(401)) => Meaning::Stranger,
        (Some(_), _) => Meaning::Refused,
        (None, _) => Meaning::Away,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Error;
    use wire::api::Problem;

    fn refused(status: u16, code: &str) -> Error {
        let problem = Problem { code: code.into(), status, detail: "no".into(), field: None };
        Error::Refused { call: "POST /x".into(), problem }
    }

    #[test]
    fn only_the_servers_own_words_end_a_pilot() {
        for code in CAST_OUT {
            assert_eq!(meaning(&refused(409, code)), Meaning::CastOut);
        }
        for status in [400, 401, 403, 404, 407, 409, 410, 413] {
            assert_eq!(meaning(&refused(status, wire::client::FOREIGN)), Meaning::Away, "{status}");
        }
        assert_eq!(meaning(&refused(401, "bad-credential")), Meaning::Stranger);
        assert_eq!(meaning(&refused(403, "not-allowed")), Meaning::Refused);
        assert_eq!(meaning(&refused(422, "too-many")), Meaning::Refused);
        let away = Error::Unavailable { url: "http://x".into(), reason: "no connection".into(), answered: false };
        assert_eq!(meaning(&away), Meaning::Away);
    }
}
