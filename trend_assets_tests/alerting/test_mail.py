"""E-mail through a real SMTP server: protected, with login, and how failures are told."""

from __future__ import annotations

import email
import email.policy
import ssl
from datetime import UTC, datetime

import pytest

from trend_assets.alerting.alert import Alert
from trend_assets.alerting.channel import NotDelivered
from trend_assets.alerting.history import Entry
from trend_assets.alerting.mail import Mail
from trend_assets.settings import MailSettings
from trend_assets_tests.alerting.conftest import MailServer, mail_server

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
ENTRY = Entry(Alert("topic_rising", "#naïve\nBcc: all@example.org", "will burst"), "a1", NOW)


def mail_to(server: MailServer, **options: object) -> Mail:
    values = {
        "host": "127.0.0.1",
        "port": server.port,
        "sender": "trend@example.org",
        "recipients": ["ann@example.org", "bob@example.org"],
        **options,
    }
    return Mail(MailSettings(**values), 5)  # type: ignore[arg-type]


def why(mail: Mail) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        mail.send([ENTRY])
    assert "passw0rd" not in str(caught.value)
    return caught.value


def test_a_message_arrives_whole_over_starttls_with_login(certificate: ssl.SSLContext, authority_trusted: None) -> None:
    with mail_server(certificate) as server:
        said = mail_to(server, username=server.login[0], password=server.login[1]).send([ENTRY])
    assert said == "127.0.0.1 took it for 2 of 2 recipients"
    (envelope,) = server.taken
    assert envelope.mail_from == "trend@example.org"
    assert envelope.rcpt_tos == ["ann@example.org", "bob@example.org"]
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Subject"] == "[trend_assets] Topic rising: #naïve Bcc: all@example.org"
    assert message["Bcc"] is None and message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().startswith("will burst\r\n")


def test_tls_from_the_first_byte(certificate: ssl.SSLContext, authority_trusted: None) -> None:
    with mail_server(certificate, implicit=True) as server:
        mail_to(server, security="tls").send([ENTRY])
    assert len(server.taken) == 1


def test_a_wrong_password_is_named(certificate: ssl.SSLContext, authority_trusted: None) -> None:
    with mail_server(certificate) as server:
        error = why(mail_to(server, username="ann", password="wrong-passw0rd"))
    assert str(error).startswith("127.0.0.1 refuses the login of ann: check mail.username and mail.password (535 5.7.8")
    assert not error.passing and server.taken == []


def test_an_untrusted_certificate_and_a_server_without_tls_are_named(certificate: ssl.SSLContext) -> None:
    with mail_server(certificate) as server:
        error = why(mail_to(server, username="ann", password=server.login[1]))
    assert "the certificate of 127.0.0.1 is not trusted" in str(error) and server.taken == []
    with mail_server() as plain:
        error = why(mail_to(plain))
        assert "does not offer what mail.security" in str(error)
        assert "does not speak TLS as expected: check the port" in str(why(mail_to(plain, security="tls")))
    assert plain.taken == []


def test_refused_recipients_are_named_and_the_others_get_it() -> None:
    with mail_server() as server:
        server.refused = {"bob@example.org"}
        said = mail_to(server, security="none").send([ENTRY])
        assert said.endswith("1 of 2 recipients; not for bob@example.org (550 5.1.1 No such user here)")
        assert server.taken[0].rcpt_tos == ["ann@example.org"]
        server.refused = {"ann@example.org", "bob@example.org"}
        error = why(mail_to(server, security="none"))
    assert "takes no mail for ann@example.org (550" in str(error) and not error.passing


def test_no_server_is_named() -> None:
    assert str(why(mail_to(MailServer(port=1)))) == "nothing listens at 127.0.0.1:1 (connection refused)"
    unknown = why(mail_to(MailServer(port=25), host="mail.invalid"))
    assert str(unknown) == "the name mail.invalid is not known: check the address"
