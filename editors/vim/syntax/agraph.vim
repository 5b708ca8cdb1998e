" Vim syntax of the agraph language.
"
" A word is a word of the language only where a statement begins, so everything that holds statements is a region
" of its own, and so are all brackets, where no statement begins.

if exists('b:current_syntax')
  finish
endif

let s:cpo = &cpoptions
set cpoptions&vim

syntax sync fromstart
syntax case match

syntax match agraphComment "#.*$" contains=@Spell

" Values.

syntax cluster agraphValue contains=agraphComment,agraphConstant,agraphVariable,agraphNumber,agraphString,agraphBlock,agraphBrackets,agraphType,agraphName

syntax match agraphName "\h\w*"
syntax match agraphType "\<\%(str\|int\|float\|bool\|list\)\>"
syntax match agraphConstant "\%(\.\s*\)\@9<!\<\%(true\|false\|null\)\>\%(\s*:\)\@!"
syntax match agraphVariable "\%(\.\s*\)\@9<!\<\%(inbox\|index\)\>"
syntax match agraphNumber "\w\@1<!-\=\d\+\%(\.\d\+\)\=\%([eE][+-]\=\d\+\)\="
" The sign of `i - 1` belongs to no number.
syntax match agraphOffset "\h\w*\s*[+-]\s*\d\@="
syntax match agraphEscape "\\\%(u{[^}\"\\]*}\|u\x\{4}\|.\)" contained
syntax region agraphString start=+"\%(""\)\@!+ skip=+\\.+ end=+"+ end=+$+ oneline contains=agraphEscape,@Spell
syntax region agraphBlock start=+\z("\{3,}\)\s*$+ end=+^\s*\z1"\@!+ contains=@Spell fold
syntax region agraphBrackets matchgroup=agraphBracket start="(" end=")" contains=@agraphInside fold
syntax region agraphBrackets matchgroup=agraphBracket start="\[" end="\]" contains=@agraphInside fold
syntax region agraphRecord matchgroup=agraphBracket start="{" end="}" contained contains=@agraphInside fold
syntax cluster agraphInside contains=@agraphValue,agraphRecord,agraphOffset

syntax match agraphOperator "[=!<>]=\|[<>=]" nextgroup=agraphRecord skipwhite
syntax match agraphArrow "->"

" What can be learned: the sign with its value. After the sign a brace is a record, later in the line a body.

syntax region agraphLearnable matchgroup=agraphSign start="\~\ze\s*{" matchgroup=NONE end="}\@1<=" contains=agraphLearnableRecord
syntax region agraphLearnable matchgroup=agraphSign start="\~\%(\s*{\)\@!" matchgroup=NONE end="\ze\s*\%([#{}]\|$\)" contains=@agraphLearnableValue
syntax cluster agraphLearnableValue contains=agraphComment,agraphConstant,agraphVariable,agraphNumberLearnable,agraphStringLearnable,agraphBlockLearnable,agraphBracketsLearnable,agraphName
syntax cluster agraphLearnableInside contains=@agraphLearnableValue,agraphLearnableRecord,agraphOffset
syntax region agraphLearnableRecord matchgroup=agraphBracket start="{" end="}" contained contains=@agraphLearnableInside
syntax region agraphBracketsLearnable matchgroup=agraphBracket start="(" end=")" contained contains=@agraphLearnableInside
syntax region agraphBracketsLearnable matchgroup=agraphBracket start="\[" end="\]" contained contains=@agraphLearnableInside
syntax match agraphNumberLearnable "\w\@1<!-\=\d\+\%(\.\d\+\)\=\%([eE][+-]\=\d\+\)\=" contained
syntax region agraphStringLearnable start=+"+ skip=+\\.+ end=+"+ end=+$+ oneline contained contains=agraphEscape,@Spell
syntax region agraphBlockLearnable start=+\z("\{3,}\)\s*$+ end=+^\s*\z1"\@!+ contained contains=@Spell fold

" Bodies of graphs and nodes, of tests and optimize blocks, and of types.

syntax cluster agraphStatement contains=agraphStatementWord,agraphAttribute,agraphOperator,agraphArrow,agraphLearnable,@agraphValue
syntax region agraphBody matchgroup=agraphBrace start="{" end="}" contains=@agraphStatement,agraphTemplateAttribute,agraphBodyInside fold
syntax region agraphBodyInside matchgroup=agraphBrace start="{" end="}" contained contains=@agraphStatement,agraphTemplateAttribute,agraphBodyInside fold
syntax region agraphDataBody matchgroup=agraphBrace start="{" end="}" contained contains=@agraphStatement fold
syntax region agraphFields matchgroup=agraphBrace start="{" end="}" contained contains=agraphComment,agraphString,agraphBrackets,agraphType,agraphName fold

syntax match agraphAttribute "^\s*\zs\h\w*\%(\s*\.\s*\h\w*\)*\ze\%(\s\+\h[0-9A-Za-z_.]*\)\=\s*[=~{]" contained
syntax match agraphAttribute "\%({\s*\)\@9<=\h\w*\%(\s*\.\s*\h\w*\)*\ze\%(\s\+\h[0-9A-Za-z_.]*\)\=\s*[=~{]" contained
syntax match agraphStatementWord "^\s*\zs\%(node\|edge\|output\|expect\)\>" contained
syntax match agraphStatementWord "\%({\s*\)\@9<=\%(node\|edge\|output\|expect\)\>" contained

" Prompts and system texts are templates.

syntax match agraphTemplateAttribute "^\s*\zs\%(\h\w*\s*\.\s*\)*\%(prompt\|system\)\%(\s\+\h[0-9A-Za-z_.]*\)\=\ze\s*[=~]\s*\"" contained nextgroup=agraphTemplateSign,agraphTemplateLearnable skipwhite
syntax match agraphTemplateAttribute "\%({\s*\)\@9<=\%(\h\w*\s*\.\s*\)*\%(prompt\|system\)\%(\s\+\h[0-9A-Za-z_.]*\)\=\ze\s*[=~]\s*\"" contained nextgroup=agraphTemplateSign,agraphTemplateLearnable skipwhite
syntax match agraphTemplateSign "=" contained nextgroup=agraphTemplateBlock,agraphTemplate skipwhite
syntax region agraphTemplate start=+"+ skip=+\\.+ end=+"+ end=+$+ oneline contained contains=agraphPlainInterpolation,agraphEscape,@Spell
syntax region agraphTemplateBlock start=+\z("\{3,}\)\s*$+ end=+^\s*\z1"\@!+ contained contains=agraphInterpolation,@Spell fold
syntax region agraphTemplateLearnable matchgroup=agraphSign start="\~" matchgroup=NONE end="\ze\s*\%([#}]\|$\)" contained contains=agraphTemplateLearnableText,agraphTemplateLearnableBlock
syntax region agraphTemplateLearnableText start=+"+ skip=+\\.+ end=+"+ end=+$+ oneline contained contains=agraphPlainInterpolation,agraphEscape,@Spell
syntax region agraphTemplateLearnableBlock start=+\z("\{3,}\)\s*$+ end=+^\s*\z1"\@!+ contained contains=agraphInterpolation,@Spell fold
syntax match agraphInterpolation +{{\%([ \t]*"\%({{\|}}\)"[ \t]*\|.\{-}\)}}+ contained
syntax match agraphPlainInterpolation +{{\%([ \t]*\\"\%({{\|}}\)\\"[ \t]*\|\%([^"\\]\|\\.\)\{-}\)}}+ contained

" The file. What is defined later wins where two items begin at one place, so these stand behind the names.

syntax match agraphKeyword "^\s*\zs\%(agraph\|model\)\>"
syntax match agraphKeyword "^\s*\zs\%(graph\|tool\)\>" nextgroup=agraphFunctionName skipwhite
syntax match agraphKeyword "^\s*\zstype\>" nextgroup=agraphTypeName skipwhite
syntax match agraphKeyword "^\s*\zs\%(test\|optimize\)\>" nextgroup=agraphTested skipwhite
syntax match agraphKeyword "^\s*\zsimport\>" nextgroup=agraphModule,agraphFile skipwhite

syntax match agraphModule "\h\w*\%(\s*\.\s*\h\w*\)*" contained nextgroup=agraphAs skipwhite
syntax region agraphFile matchgroup=agraphString start=+"+ skip=+\\.+ end=+"+ end=+$+ oneline contained contains=agraphEscape nextgroup=agraphAs skipwhite
syntax match agraphAs "\<as\>" contained
syntax match agraphFunctionName "\h\w*" contained
syntax match agraphTypeName "\h\w*" contained nextgroup=agraphFields skipwhite
syntax match agraphTested "\h\w*" contained nextgroup=agraphTitle,agraphDataBody skipwhite
syntax region agraphTitle matchgroup=agraphString start=+"+ skip=+\\.+ end=+"+ end=+$+ oneline contained contains=agraphEscape nextgroup=agraphDataBody skipwhite

highlight default link agraphComment Comment
highlight default link agraphKeyword Keyword
highlight default link agraphAs Keyword
highlight default link agraphStatementWord Keyword
highlight default link agraphModule Include
highlight default link agraphFile String
highlight default link agraphTitle String
highlight default link agraphFunctionName Function
highlight default link agraphTested Function
highlight default link agraphTypeName Type
highlight default link agraphType Type
highlight default link agraphAttribute Identifier
highlight default link agraphTemplateAttribute Identifier
highlight default link agraphConstant Constant
highlight default link agraphVariable Special
highlight default link agraphNumber Number
highlight default link agraphEscape SpecialChar
highlight default link agraphString String
highlight default link agraphBlock String
highlight default link agraphTemplate String
highlight default link agraphTemplateBlock String
highlight default link agraphTemplateLearnableText agraphStringLearnable
highlight default link agraphTemplateLearnableBlock agraphBlockLearnable
highlight default link agraphInterpolation PreProc
highlight default link agraphPlainInterpolation agraphInterpolation
highlight default link agraphOperator Operator
highlight default link agraphTemplateSign Operator
highlight default link agraphArrow Operator
" What may move: the sign, and numbers and texts after it, each with a group of its own.
highlight default link agraphSign Statement
highlight default link agraphNumberLearnable Number
highlight default link agraphStringLearnable String
highlight default link agraphBlockLearnable String

let b:current_syntax = 'agraph'

let &cpoptions = s:cpo
unlet s:cpo
