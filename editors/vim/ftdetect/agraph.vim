autocmd BufRead,BufNewFile *.agraph setfiletype agraph
