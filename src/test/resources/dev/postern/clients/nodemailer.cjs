const { createRequire } = require('module');
const fs = require('fs');
const path = require('path');

const nodemailer = createRequire(path.join(process.env.NODE_MODULES, 'x.js'))('nodemailer');
const asset = (name) => path.join(process.env.ASSETS, name);

async function main() {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: Number(process.env.SMTP_PORT),
    secure: false,
    ignoreTLS: true,
  });
  const result = await transport.sendMail({
    from: { name: 'Zoë Ünïcode', address: process.env.SENDER },
    to: ['Jürgen Müller <to1@example.com>', 'to2@example.com'],
    cc: 'cc@example.com',
    bcc: 'bcc1@example.net, bcc2@example.net',
    subject: 'Grüße – 你好 ✓ ' + process.env.TOKEN,
    text: 'Grüße aus Köln\n\n.a dot first\n..two of them\nFrom here on\n',
    html: '<p>Grüße aus <b>Köln</b> <img src="cid:logo@example.org"></p>\n',
    attachments: [
      { filename: 'logo.png', content: fs.readFileSync(asset('logo.png')), cid: 'logo@example.org' },
      { filename: 'Übersicht – 报告.bin', content: fs.readFileSync(asset('attachment')) },
    ],
  });
  if (result.accepted.length !== 5) {
    throw new Error(JSON.stringify(result));
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
