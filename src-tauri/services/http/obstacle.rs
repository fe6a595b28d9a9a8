//! Tells from an error of a connection what stands in its way, where that is more than a missing network:
//! a login page, a proxy, somebody who looks into connections.

use std::error::Error;

use crate::text::Message;

/// What stands between this computer and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Somebody else answers: the certificate is not the service's, or no TLS is spoken at all.
    Untrusted,
    /// The certificate is not valid at the time this computer's clock shows.
    OutOfDate,
    /// The proxy cannot be reached, or refuses.
    Proxy,
}

impl Obstacle {
    /// What keeps a request from getting there, where more is known than that it does not.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Obstacle> {
        let mut next = Some(error);
        while let Some(cause) = next {
            let found = cause.downcast_ref::<rustls::Error>().and_then(Obstacle::in_tls);
            let words = cause.to_string();
            // These errors have no type that others can name.
            let proxy = ["tunnel error", "socks", "SOCKS", "proxy"].iter().any(|word| words.contains(word));
            if let Some(obstacle) = found.or_else(|| proxy.then_some(Obstacle::Proxy)) {
                return Some(obstacle);
            }
            // What an I/O error carries is not among its sources.
            let carried = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| cause.source());
        }
        None
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "variants of another crate, which may grow")]
    fn in_tls(error: &rustls::Error) -> Option<Obstacle> {
        use rustls::CertificateError as C;
        match error {
            rustls::Error::InvalidCertificate(
                C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. },
            ) => Some(Obstacle::OutOfDate),
            rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidMessage(_) => {
                Some(Obstacle::Untrusted)
            }
            _ => None,
        }
    }

    /// The sentence for people.
    pub(super) fn message(self, service: &str) -> Message {
        let code = match self {
            Obstacle::Untrusted => "untrusted",
            Obstacle::OutOfDate => "out_of_date",
            Obstacle::Proxy => "proxy",
        };
        Message::error(code, [("service", service.to_owned())])
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use url::Url;

    use super::*;
    use crate::services::http::{Failure, Http};

    /// Good for nothing but to be refused.
    const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRjiE+tjAzGA2vEnr
0qmdj9Xq6zW1b/mh3Ps0iY6R1qShRANCAATHo8ZJYYTKMuutIjBhEJvsPIpJF3dO
UvsaBQS8OkTTLGes1jPEoPeCPpPaAcwD5MhcC7ezYvPHMjgtmaglEi5V
-----END PRIVATE KEY-----";
    const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBiTCCATCgAwIBAgIUFHRi/FLmyJ/iy8r88Yo9enlQZW8wCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGcG9ydGFsMCAXDTI2MTEyNTE1MjY0NloYDzIxMjYxMTAxMTUy
NjQ2WjARMQ8wDQYDVQQDDAZwb3J0YWwwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATHo8ZJYYTKMuutIjBhEJvsPIpJF3dOUvsaBQS8OkTTLGes1jPEoPeCPpPaAcwD
5MhcC7ezYvPHMjgtmaglEi5Vo2QwYjAdBgNVHQ4EFgQU9mnEjom1Myoa65/DvUw1
smS0+YYwHwYDVR0jBBgwFoAU9mnEjom1Myoa65/DvUw1smS0+YYwDwYDVR0TAQH/
BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIH5HqEOa
9m/oiQcY1xmEb7wRkWoCX0/MEC0nxuFJSIhjAiBybUXxnU2SiGpEBIz2exJ9fTro
GihHbghdlu6xplx6xQ==
-----END CERTIFICATE-----";

    /// A server for one connection.
    fn serve(answer: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || answer(listener.accept().unwrap().0));
        port
    }

    /// Says something to whoever connects, whatever they say.
    fn says(words: &'static [u8]) -> u16 {
        serve(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(words);
        })
    }

    fn self_signed(mut stream: TcpStream) {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate], key).unwrap();
        let mut server = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
    }

    async fn asked(port: u16) -> Option<Obstacle> {
        let url = Url::parse(&format!("https://127.0.0.1:{port}/")).unwrap();
        let http = Http::new(&url).unwrap();
        match http.send(http.get(url)).await {
            Err(Failure::Unreachable(error)) => Obstacle::of(&error),
            other => panic!("{other:?}"),
        }
    }

    async fn asked_through(proxy: String) -> Option<Obstacle> {
        let proxy = reqwest::Proxy::all(proxy).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().proxy(proxy).build().unwrap();
        Obstacle::of(&client.get("https://192.0.2.1/").send().await.unwrap_err())
    }

    #[tokio::test]
    async fn somebody_who_answers_in_a_services_place_is_not_a_missing_network() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert_eq!(asked(serve(self_signed)).await, Some(Obstacle::Untrusted));
        let portal = says(b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\n\r\n");
        assert_eq!(asked(portal).await, Some(Obstacle::Untrusted));
        assert_eq!(asked(serve(drop)).await, None);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(asked(nobody).await, None);
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_or_is_not_there_is_named() {
        let wants_password = says(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        let forbids = says(b"HTTP/1.1 403 Forbidden\r\n\r\n");
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for proxy in [
            format!("http://127.0.0.1:{wants_password}"),
            format!("http://127.0.0.1:{forbids}"),
            format!("http://127.0.0.1:{nobody}"),
            // Nothing is acceptable; the other is no such proxy at all.
            format!("socks5h://127.0.0.1:{}", says(&[5, 0xff])),
            format!("socks5h://127.0.0.1:{}", says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            format!("socks5://127.0.0.1:{nobody}"),
        ] {
            assert_eq!(asked_through(proxy.clone()).await, Some(Obstacle::Proxy), "{proxy}");
        }
    }

    #[test]
    fn a_certificate_out_of_its_time_is_about_the_clock() {
        let expired = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = std::io::Error::other(std::io::Error::other(expired));
        assert_eq!(Obstacle::of(&wrapped), Some(Obstacle::OutOfDate));
        assert_eq!(Obstacle::of(&std::io::Error::other("no route to host")), None);
    }
}
