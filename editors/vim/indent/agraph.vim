" Indentation of the agraph language: two columns more after a line that opens something.

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=GetAgraphIndent()
setlocal indentkeys=0},0],0),o,O,!^F
setlocal nolisp nosmartindent
let b:undo_indent = 'setlocal indentexpr< indentkeys< lisp< smartindent<'

if exists('*GetAgraphIndent')
  finish
endif

function! s:IsBlock(line, column) abort
  return match(map(synstack(a:line, a:column), 'synIDattr(v:val, "name")'), 'Block') >= 0
endfunction

" Whether a line that is not empty begins inside a block of text.
function! s:BeginsInBlock(line) abort
  return s:IsBlock(a:line, 1)
endfunction

" The line on which the statement or the item of a line began, before a block of text.
function! s:Start(line) abort
  let start = a:line
  while start > 1 && s:BeginsInBlock(start)
    let start = prevnonblank(start - 1)
  endwhile
  return start
endfunction

" Whether a block of text goes on after a line that is not empty.
function! s:EndsInBlock(line) abort
  if !s:IsBlock(a:line, len(getline(a:line)))
    return 0
  endif
  if !s:BeginsInBlock(a:line)
    return 1
  endif
  let run = matchstr(getline(s:Start(a:line)), '"\{3,}\ze\s*$')
  return matchstr(getline(a:line), '^\s*\zs"\+') !=# run
endfunction

" The brackets that a line opens, less those that it closes; what is in strings and comments does not count.
function! s:Opened(line) abort
  let text = getline(a:line)
  let opened = 0
  for column in range(1, len(text))
    let character = text[column - 1]
    if stridx('{[()]}', character) >= 0
      let group = synIDattr(synID(a:line, column, 0), 'name')
      if group !~# 'String\|Block\|Comment\|Interpolation\|Escape'
        let opened += stridx('{[(', character) >= 0 ? 1 : -1
      endif
    endif
  endfor
  return opened
endfunction

function! GetAgraphIndent() abort
  let previous = prevnonblank(v:lnum - 1)
  if previous == 0
    return 0
  endif
  if s:EndsInBlock(previous)
    " Blanks at the start of a line are text: only a new line is given some.
    if getline(v:lnum) =~# '\S'
      return -1
    endif
    return indent(previous) + (s:BeginsInBlock(previous) ? 0 : shiftwidth())
  endif
  let start = s:Start(previous)
  let opened = 0
  for line in range(start, previous)
    let opened += s:Opened(line)
  endfor
  " Brackets that close at the start of a line are in its own indentation already.
  let opened += len(matchstr(getline(start), '^\s*\zs[]})]\+'))
  let indentation = indent(start) + (opened > 0 ? 1 : opened) * shiftwidth()
  if getline(v:lnum) =~# '^\s*[]})]'
    let indentation -= shiftwidth()
  endif
  return max([indentation, 0])
endfunction
