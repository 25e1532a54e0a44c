"""The e-mail channel: one message for all recipients, over SMTP with STARTTLS or TLS."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from trend_assets.alerting.channel import NotDelivered, delivery_id, network_problem, short, trusted
from trend_assets.alerting.history import Entry
from trend_assets.alerting.texts import headline, lines
from trend_assets.settings import MailSettings


class Mail:
    """One mail server.

    Args:
        settings: the server, who sends, who receives.
        seconds: how long each of its answers may take.
    """

    name = "email"

    def __init__(self, settings: MailSettings, seconds: float) -> None:
        self._settings = settings
        self._seconds = seconds

    def send(self, entries: Sequence[Entry]) -> str:
        """Sends one message to all recipients.

        Raises:
            NotDelivered: the server cannot be reached, or takes it for nobody.
        """
        try:
            with self._connected() as server:
                refused = server.send_message(self._message(entries))
        except smtplib.SMTPException as error:
            raise _refusal(error, self._settings) from None
        except OSError as error:
            raise network_problem(error, self._settings.host, self._settings.port, self._seconds) from None
        except ValueError as error:
            raise NotDelivered(f"the message cannot be written as mail ({short(str(error))})", passing=False) from None
        said = f"{self._settings.host} took it for {len(self._settings.recipients) - len(refused)} of "
        said += f"{len(self._settings.recipients)} recipients"
        return said + "".join(f"; not for {_recipient(refused, address)}" for address in refused)

    def _connected(self) -> smtplib.SMTP:
        mail = self._settings
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=self._seconds, context=trusted())
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=self._seconds)
        try:
            if mail.security == "starttls":
                server.starttls(context=trusted())
            if mail.username and mail.password:
                server.login(mail.username, mail.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, entries: Sequence[Entry]) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = short(f"[trend_assets] {headline(entries)}", 200)
        message["From"] = self._settings.sender
        message["To"] = ", ".join(self._settings.recipients)
        message["Date"] = formatdate(entries[-1].raised_at.timestamp())
        # The same when it is tried again: mail systems drop the second one.
        message["Message-ID"] = f"<{delivery_id(entries)}@trend-assets>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(lines(entries)) + "\n\nHistory: trend alerts list\n")
        return message


def _refusal(error: smtplib.SMTPException, mail: MailSettings) -> NotDelivered:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotDelivered(
            f"{mail.host} refuses the login of {mail.username}: check mail.username and mail.password ({_code(error)})",
            passing=False,
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return NotDelivered(
            f"{mail.host}:{mail.port} does not offer what mail.security and mail.username ask for ({error})",
            passing=False,
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        told = "; ".join(_recipient(error.recipients, address) for address in error.recipients)
        codes = [code for code, _ in error.recipients.values()]
        return NotDelivered(f"{mail.host} takes no mail for {told}", passing=all(code < 500 for code in codes))
    if isinstance(error, smtplib.SMTPSenderRefused):
        return NotDelivered(f"{mail.host} takes no mail from {mail.sender} ({_code(error)})", passing=False)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotDelivered(f"{mail.host}:{mail.port} hung up: check mail.port and mail.security", passing=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return NotDelivered(f"{mail.host} does not take the message ({_code(error)})", passing=error.smtp_code < 500)
    return NotDelivered(f"{mail.host} does not speak SMTP as expected ({type(error).__name__})", passing=False)


def _recipient(refused: dict[str, tuple[int, bytes]], address: str) -> str:
    code, said = refused[address]
    return f"{address} ({code} {short(said.decode('utf-8', 'replace'), 80)})"


def _code(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{error.smtp_code} {short(text, 120)}"
