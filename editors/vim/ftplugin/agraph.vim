" Settings of a buffer with the agraph language.

if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal expandtab shiftwidth=2 softtabstop=2
setlocal formatoptions-=t formatoptions+=croql
setlocal suffixesadd=.agraph

let b:undo_ftplugin = 'setlocal comments< commentstring< expandtab< shiftwidth< softtabstop<'
      \ . ' formatoptions< suffixesadd<'

" Folding takes time in large files, so it is asked for: `let g:agraph_fold = 1`.
if get(g:, 'agraph_fold', 0)
  setlocal foldmethod=syntax foldlevel=99
  let b:undo_ftplugin .= ' | setlocal foldmethod< foldlevel<'
endif
