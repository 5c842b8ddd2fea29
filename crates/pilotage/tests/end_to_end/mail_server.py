"""A mail server that wants STARTTLS and a login: mail_server.py CERTIFICATE KEY FOLDER USER PASSWORD; says its port."""
import asyncio
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

certificate, key, folder, user, password = sys.argv[1:]
tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(certificate, key)


def authenticate(server, session, envelope, mechanism, data):
    known = LoginPassword(user.encode(), password.encode())
    return AuthResult(success=data == known, handled=False)


def speak():
    return SMTP(
        Mailbox(folder),
        hostname="localhost",
        tls_context=tls,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )


async def main():
    server = await asyncio.get_running_loop().create_server(speak, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
