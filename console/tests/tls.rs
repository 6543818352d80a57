//! TLS with and without client certificates, over a real socket; the house behind it knows one machine and nobody else.

// Test code: a failure here is a failed test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support_house;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use musubi_console::web::server::{fingerprint, serve, tls};
use musubi_console::web::site::{Limits, Site};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use support_house::FakeHouse;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An authority of this test.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a name, from an authority: chain and key as DER, and as PEM.
struct Made {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key: KeyPair,
}

fn made(issuer: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Made {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    Made { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key }
}

/// What came back to a request, or why there was no connection.
async fn ask(port: u16, roots: &RootCertStore, own: Option<&Made>, request: &str) -> Result<String, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots.clone());
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![own.certificate.clone()], key).unwrap()
        }
    };
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map_err(|e| e.to_string())?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream =
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|e| e.to_string())?;
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Ok(_) => {}
        // A refused certificate shows in TLS 1.3 with the first reading.
        Err(e) if answer.is_empty() => return Err(e.to_string()),
        Err(_) => {}
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_machine_comes_in_by_its_certificate_and_no_other_does() {
    let (issuer, stranger) = (authority(), authority());
    let server = made(&issuer, "localhost");
    let (machine, unknown, foreign) =
        (made(&issuer, "machine-01"), made(&issuer, "machine-02"), made(&stranger, "machine-01"));
    let house = FakeHouse { machine: fingerprint(&machine.certificate), ..FakeHouse::default() };
    let refused = Arc::clone(&house.refused);
    let config = tls(
        server.certificate_pem.as_bytes(),
        server.key.serialize_pem().as_bytes(),
        Some(issuer.pem().as_bytes()),
    )
    .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let site = Arc::new(Site::new(Arc::new(house), Limits::default(), true));
    let served = tokio::spawn(serve(site, listener, Some(config), stopped));
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();

    let first = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let known = ask(port, &roots, Some(&machine), first).await.unwrap();
    assert!(known.starts_with("HTTP/1.1 200"), "{known}");
    assert!(known.contains("strict-transport-security"), "{known}");
    for nobody in [None, Some(&unknown)] {
        let answer = ask(port, &roots, nobody, first).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    }
    assert!(ask(port, &roots, Some(&foreign), first).await.is_err(), "an authority that nobody trusts");

    // A machine has no browser that could be led astray: no origin is asked of it. Of a browser it is.
    let form = "POST /language HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Content-Length: 7\r\nConnection: close\r\n\r\nlang=en";
    let machine_form = ask(port, &roots, Some(&machine), form).await.unwrap();
    assert!(machine_form.starts_with("HTTP/1.1 303"), "{machine_form}");
    let foreign_page = form.replace("\r\nConnection", "\r\nOrigin: https://elsewhere.example\r\nConnection");
    let led_astray = ask(port, &roots, Some(&machine), &foreign_page).await.unwrap();
    assert!(led_astray.starts_with("HTTP/1.1 403"), "{led_astray}");
    assert_eq!(refused.lock().unwrap().as_slice(), ["FOREIGN_ORIGIN"]);

    stop.send(true).unwrap();
    served.await.unwrap().unwrap();
}

#[test]
fn what_is_no_certificate_is_said_without_repeating_it() {
    for (chain, key) in [(&b""[..], &b""[..]), (b"nonsense", b"secret words")] {
        let wrong = tls(chain, key, None).unwrap_err();
        assert!(!wrong.contains("secret"), "{wrong}");
    }
}
