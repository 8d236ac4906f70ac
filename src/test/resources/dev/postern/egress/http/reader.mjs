// What postal-mime finds in messages: a line of JSON for each file, in the shape of reader.py.
//
//     NODE_MODULES=... node reader.mjs DIRECTORY

import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const require = createRequire(join(process.env.NODE_MODULES, 'postern.js'));
const load = name => require(name).default ?? require(name);
const PostalMime = load('postal-mime');
const { addressParser, decodeWords } = load('postal-mime');

const NAMED_ELSEWHERE = ['content-type', 'content-disposition', 'content-transfer-encoding'];
const words = value => decodeWords(value ?? '').trim();

function mailboxes(headers, name) {
    const people = [];
    const groups = [];
    const others = [];
    for (const { key, value } of headers) {
        for (const one of key === name ? addressParser(value) : []) {
            if (one.group) {
                groups.push(one.name);
            }
            people.push(...(one.group ?? [one]).filter(it => it.address));
            others.push(...(one.group ?? [one]).filter(it => !it.address).map(it => it.name));
        }
    }
    return {
        people: people.map(({ name: shown, address }) => ({ name: shown, address })),
        groups,
        others
    };
}

function parameters(parsed) {
    const found = {};
    for (const [name, value] of Object.entries(parsed.params)) {
        found[name] = decodeWords(value);
    }
    return found;
}

function node(part) {
    const fields = {};
    for (const { key, value } of part.headers) {
        if (key.startsWith('content-') && !NAMED_ELSEWHERE.includes(key)) {
            fields[key] ??= words(value);
        }
    }
    const names = part.headers.map(({ key }) => key).filter(key => key.startsWith('content-'));
    const found = {
        type: part.contentType.parsed.value,
        again: [...new Set(names.filter((key, at) => names.indexOf(key) !== at))],
        parameters: parameters(part.contentType.parsed),
        disposition: part.contentDisposition.parsed.value || null,
        dispositionParameters: parameters(part.contentDisposition.parsed),
        fields
    };
    if (part.contentType.multipart && !part.childNodes.length) {
        // What has no parts is what it says.
        found.hollow = found.type;
        found.type = 'text/plain';
    } else if (part.contentType.multipart) {
        found.children = part.childNodes.map(node);
        return found;
    }
    found.octets = Buffer.from(part.content ?? new ArrayBuffer(0)).toString('base64');
    if (found.type.startsWith('text/')) {
        const charset = found.parameters.charset ?? '';
        found.charsetKnown = isKnown(charset);
        // The text as it is: what flows is undone by whoever shows it.
        delete part.contentType.parsed.params.format;
        found.text = part.getTextContent();
    }
    return found;
}

function isKnown(charset) {
    try {
        return charset === '' || Boolean(new TextDecoder(charset));
    } catch {
        return false;
    }
}

async function findings(octets) {
    const parser = new PostalMime({ forceRfc822Attachments: true });
    const message = await parser.parse(octets);
    const found = { groups: [], others: [], subject: message.subject ?? null };
    for (const name of ['from', 'to', 'cc', 'reply-to']) {
        const { people, groups, others } = mailboxes(message.headers, name);
        found[name] = people;
        found.groups.push(...groups.map(group => `${name} ${group}`));
        found.others.push(...others.map(other => `${name} ${other}`));
    }
    found.headers = message.headers.map(({ originalKey, value }) => (
        { name: originalKey, raw: value, value: words(value) }));
    found.tree = node(parser.root);
    return found;
}

const directory = process.argv[2];
for (const name of readdirSync(directory).sort()) {
    const octets = readFileSync(join(directory, name));
    console.log(JSON.stringify(await findings(octets).catch(error => ({ error: String(error) }))));
}
