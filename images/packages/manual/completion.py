# SPDX-License-Identifier: Apache-2.0
"""Completion of weirctl's command line for bash, zsh and fish, of its command table."""


def choices(row, front):
    """Options of a command, with those of weirctl itself, which stand anywhere, under the names that the command does not use."""
    known = {name for option in row['options'] for name in option['names']} | {'--version'}
    others = [{**option, 'names': [name for name in option['names'] if name not in known]} for option in front['options']]
    return row['options'] + ([option for option in others if option['names']] if row is not front else [])


def plain(text):
    """A first line that no shell reads anything into."""
    return text.split('\n')[0].translate(str.maketrans({"'": '’', '"': '”', '`': '’', '$': '', '\\': '/', '[': '(', ']': ')', ':': ','}))


def takes_file(row):
    return any(argument['file'] or argument['name'] == 'FILE' for argument in row['arguments'])


def argument_words(row):
    return [word for argument in row['arguments'] for word in argument['words']]


def wants_file(option):
    return option['file'] or any(name.endswith(('file', 'config', 'directory', '-db')) for name in option['names']) or option['what'].startswith('file')


def shell_cases(rows):
    """What bash and zsh share: which words lead to a command; then what may stand there, and what a value is."""
    front = rows[0]
    paths = ' | '.join(f'"{row["command"]}"' for row in rows[1:])
    here, values = [], []
    for row in rows:
        words = row['commands'] + argument_words(row) + [name for option in choices(row, front) for name in option['names']]
        here.append(f'    "{row["command"]}") offered="{" ".join(words)}"; files={"yes" if takes_file(row) else "no"} ;;')
        for option in choices(row, front):
            if option['type']:
                patterns = '|'.join(f'"{row["command"]} {name}"' for name in option['names'])
                values.append(f'    {patterns}) value=yes; offered="{" ".join(option["words"])}"; files={"yes" if wants_file(option) else "no"} ;;')
    begin, between, end = '  case "$command $before" in', '  esac\n  [ $value = yes ] || case "$command" in', '  esac\n'
    return paths, '\n'.join([begin, *values, between, *here, end])


def bash(rows):
    paths, decides = shell_cases(rows)
    return f'''# bash completion for weirctl
_weirctl() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command=weirctl offered="" files=no value=no i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${{COMP_WORDS[i]}}" in
    {paths}) command="$command ${{COMP_WORDS[i]}}" ;;
    esac
  done
{decides}  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [ $files = yes ]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}}
complete -F _weirctl weirctl
'''


def zsh(rows):
    paths, decides = shell_cases(rows)
    descriptions = '\n'.join(f"  '{row['command']}' '{plain(row['what'])}'" for row in rows[1:])
    return f'''#compdef weirctl
# zsh completion for weirctl
_weirctl() {{
  local command=weirctl offered="" files=no value=no word before=${{words[CURRENT - 1]}}
  local -a listed
  local -A about
  about=(
{descriptions}
  )
  for word in "${{(@)words[2,CURRENT - 1]}}"; do
    case "$command $word" in
    {paths}) command="$command $word" ;;
    esac
  done
{decides}  for word in ${{(s: :)offered}}; do
    listed+=("$word${{about[$command $word]:+:${{about[$command $word]}}}}")
  done
  (( $#listed )) && _describe 'weirctl' listed
  [ $files = no ] || _files
}}
_weirctl "$@"
'''


def fish(rows):
    front = rows[0]
    paths = ' '.join(f"'{row['command']}'" for row in rows[1:])
    out = [f'''# fish completion for weirctl
function __weirctl_command
    set -l at weirctl
    for word in (commandline -opc)[2..-1]
        if contains -- "$at $word" {paths}
            set at "$at $word"
        end
    end
    echo $at
end
function __weirctl_at
    test (__weirctl_command) = "$argv"
end
complete -c weirctl -f''']
    for row in rows:
        at = f"-n \"__weirctl_at '{row['command']}'\"".replace("'", '')
        for name in row['commands']:
            what = next(one['what'] for one in rows if one['command'] == f'{row["command"]} {name}')
            out.append(f"complete -c weirctl {at} -a {name} -d '{plain(what)}'")
        for word in argument_words(row):
            out.append(f"complete -c weirctl {at} -a {word}")
        if takes_file(row):
            out.append(f'complete -c weirctl {at} -F')
        for option in choices(row, front):
            flags = ' '.join(f'-l {name[2:]}' if name.startswith('--') else f'-s {name[1:]}' for name in option['names'])
            value = ''
            if option['type']:
                value = f" -x -a '{' '.join(option['words'])}'" if option['words'] else ' -r -F' if wants_file(option) else ' -x'
            out.append(f"complete -c weirctl {at} {flags}{value} -d '{plain(option['what'])}'")
    return '\n'.join(out) + '\n'
