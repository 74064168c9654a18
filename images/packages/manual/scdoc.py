# SPDX-License-Identifier: Apache-2.0
"""Pages of the manual as scdoc(5) text: of weirctl's command table, and of the pages in docs/ that have a manual page, too."""
import re

TITLES = {'weirctl': ('1', 'the operator\'s shell of Weir'), 'weir.yaml': ('5', 'settings of a Weir appliance'),
          'weir-policy': ('5', 'what is allowed on the wire')}

PAGES = {'policy.md': 'weir-policy(5)', 'configuration.md': 'weir.yaml(5)'}


def escaped(text):
    return re.sub(r'([\\*_`<>#])', r'\\\1', text)


def line_of(text):
    """A line of text: nothing at its start is taken for a mark."""
    return re.sub(r'^([-.|\[\]0-9!])', r'\\\1', text)


def page(name, body):
    section, what = TITLES[name]
    return f'{name}({section}) "" "Weir"\n\n# NAME\n\n{name} - {what}\n\n{body}'


# --- Markdown, as docs/ has it ---

def inline(text):
    """Code is bold, links are their words, or the manual's page of what they lead to."""
    for file, name in PAGES.items():
        text = re.sub(r'\[[^\]]+\]\((\.\./)*' + re.escape(file) + r'[^)]*\)', f'**{name}**', text)
    text = re.sub(r'\[([^\]]+)\]\([^)]*\)', r'\1', text)
    out = []
    for part in re.split(r'(`[^`]+`|\*\*[^*]+\*\*)', text):
        if part.startswith('`') and len(part) > 2:
            out.append(f'*{escaped(part[1:-1])}*')
        elif part.startswith('**') and len(part) > 4:
            out.append(f'*{escaped(part[2:-2])}*')
        else:
            out.append(escaped(part.replace('&lt;', '<').replace('&gt;', '>')))
    return ''.join(out)


def cells(row):
    return [cell.replace('\\|', '|').strip() for cell in re.split(r'(?<!\\)\|', row.strip().strip('|'))]


def table(rows):
    """Each row by its first cell; the others below it, by the column's name where it is no plain meaning."""
    heads, out = cells(rows[0]), []
    for row in rows[2:]:
        first, *rest = cells(row)
        lines = [f'{head}: {inline(cell)}' if head and head != 'meaning' else inline(cell) for head, cell in zip(heads[1:], rest) if cell]
        out.append(f'{line_of(inline(first))}\n' + '\t' + '++\n'.join(line_of(line) for line in lines) + '\n')
    return '\n'.join(out)


def paragraph(lines):
    return line_of(inline(' '.join(line.strip() for line in lines))) + '\n'


def items(lines):
    """A list; what belongs to an item is indented."""
    out = []
    for line in lines:
        found = re.match(r'^(?:[-*]|\d+\.) (.*)', line)
        if found:
            out.append(found.group(1))
        else:
            out[-1] += ' ' + line.strip()
    return '\n'.join(f'- {inline(one)}' for one in out) + '\n'


def literal(lines):
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return '```\n' + '\n'.join(line[margin:] for line in lines) + '\n```\n'


def heading(line):
    depth = len(line) - len(line.lstrip('#'))
    words = re.sub(r'`', '', line.lstrip('#').strip())
    return f'# {escaped(words).upper()}\n' if depth <= 2 else f'## {escaped(words)}\n'


def kind_of(line):
    if not line.strip():
        return 'blank'
    if line.startswith('```'):
        return 'fence'
    if line.startswith('<!--'):
        return 'comment'
    if line.startswith('#'):
        return 'heading'
    if line.startswith('|'):
        return 'table'
    if line.startswith('    '):
        return 'code'
    if re.match(r'^([-*]|\d+\.) ', line):
        return 'item'
    return 'text'


def blocks(markdown):
    """(kind, lines) of everything but comments and blank lines."""
    lines, at, found = markdown.split('\n'), 0, []
    while at < len(lines):
        kind, begun = kind_of(lines[at]), at
        at += 1
        if kind == 'fence':
            while not lines[at].startswith('```'):
                at += 1
            at += 1
            found.append(('fence', lines[begun + 1:at - 1]))
            continue
        goes_on = {'table': ('table',), 'code': ('code', 'blank'), 'item': ('item', 'text', 'code'), 'text': ('text', 'code')}.get(kind, ())
        while at < len(lines) and kind_of(lines[at]) in goes_on:
            at += 1
        if kind not in ('blank', 'comment'):
            found.append((kind, lines[begun:at]))
    return found


def of_markdown(markdown):
    make = {'heading': lambda lines: heading(lines[0]), 'table': table, 'code': lambda lines: literal('\n'.join(lines).rstrip().split('\n')),
            'fence': literal, 'item': items, 'text': paragraph}
    return '\n'.join(make[kind](lines) for kind, lines in blocks(markdown))


def of_document(name, markdown, see):
    """A page of docs/: its title goes, its first words are the description."""
    body = of_markdown(markdown.split('\n', 1)[1])
    return page(name, f'# DESCRIPTION\n\n{body}\n# SEE ALSO\n\n{see}\n')


# --- weirctl ---

def usage(row):
    words = ['*' + escaped(row['command']) + '*']
    if any(option['names'] != ['-h', '--help'] for option in row['options']):
        words.append('[options]')
    for argument in row['arguments']:
        name = f'_{escaped(argument["name"])}_' + ('...' if argument['many'] else '')
        words.append(name if argument['needed'] else f'[{name}]')
    return ' '.join(words)


def option_lines(row):
    out = []
    for option in row['options']:
        if option['names'] == ['-h', '--help']:
            continue
        names = ', '.join(f'*{escaped(name)}*' for name in option['names'])
        value = '|'.join(option['words']) or (option['type'] if option['type'] else '')
        first = f'; default {option["default"]}' if option['default'] else ''
        out.append(f'{line_of(names)}{" _" + escaped(value) + "_" if value else ""}\n\t{line_of(escaped(option["what"] + first)) or "-"}\n')
    for argument in row['arguments']:
        if argument['what']:
            out.append(f'_{escaped(argument["name"])}_\n\t{line_of(escaped(argument["what"]))}\n')
    return '\n'.join(out)


def sentence(text):
    text = ' '.join(text.split())
    return text[:1].upper() + text[1:] + ('' if text.endswith('.') else '.')


def of_commands(rows, exit_codes):
    front, *others = rows
    parts = ['# SYNOPSIS\n', '*weirctl* [options] _COMMAND_ [options]\n', '# DESCRIPTION\n', escaped(sentence(front['about'])) + '\n', option_lines(front), '# COMMANDS\n']
    for row in others:
        if row['commands']:
            continue  # it does nothing by itself
        parts += [f'## {escaped(row["command"])}\n', usage(row) + '\n', line_of(escaped(sentence(row['about']))) + '\n', option_lines(row)]
    parts += ['# EXIT STATUS\n']
    parts += [f'*{code}*\n\t{line_of(escaped(sentence(what)))}\n' for code, what in exit_codes]
    parts += ['# FILES\n', '_/etc/weir/weir.yaml_, _/etc/weir/conf.d/\\*.yaml_\n\tThe settings.\n', '# SEE ALSO\n', '*weir.yaml*(5), *weir-policy*(5), *weir-dataplane*(8)\n']
    return page('weirctl', '\n'.join(part for part in parts if part))
