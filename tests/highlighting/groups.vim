" Writes, for each of the files `g:folder/0.agraph` and so on, the lines with their stretches of equal syntax groups.

function! s:Line(number) abort
  let found = []
  let [column, place, start, before] = [1, 0, 0, []]
  for character in split(getline(a:number), '\zs')
    let stack = synstack(a:number, column)
    if stack !=# before
      if before !=# []
        call add(found, [start, place, map(before, 'synIDattr(v:val, "name")')])
      endif
      let [start, before] = [place, stack]
    endif
    let column += len(character)
    let place += 1
  endfor
  if before !=# []
    call add(found, [start, place, map(before, 'synIDattr(v:val, "name")')])
  endif
  return found
endfunction

let s:files = []
for s:number in range(g:count)
  execute 'edit' fnameescape(g:folder . '/' . s:number . '.agraph')
  if &filetype !=# 'agraph'
    cquit
  endif
  call add(s:files, map(range(1, line('$')), 's:Line(v:val)'))
endfor
call writefile([json_encode(s:files)], g:folder . '/groups.json')
