-- The Neovim plugin against a real daemon: run by test_neovim.py, one Neovim for each test, with `say` on the PATH.

local chatterbox = require("chatterbox")
local marks = require("chatterbox.marks")

local LONG = ("This is said again and again. "):rep(30)

local function wait_until(condition)
  assert(vim.wait(30000, condition, 20), "not within 30 s")
end

local function same(found, expected)
  assert(vim.deep_equal(found, expected), "found " .. vim.inspect(found) .. ", expected " .. vim.inspect(expected))
end

local function ask(...)
  return vim.json.decode(vim.fn.system({ "chatterbox", ... }))
end

local function texts()
  return vim.tbl_map(function(row)
    return row.text
  end, ask("queue", "--json"))
end

local function num_cancelled()
  return ask("status", "--json").requests.cancelled
end

local function is_paused()
  return ask("status", "--json").player.paused
end

local function buffer(lines)
  vim.cmd("enew!")
  vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
end

-- The texts that are marked now.
local function marked()
  local namespace = vim.api.nvim_get_namespaces().chatterbox
  return vim.tbl_map(function(mark)
    local line = vim.api.nvim_buf_get_lines(0, mark[2], mark[2] + 1, false)[1]
    return line:sub(mark[3] + 1, mark[4].end_col)
  end, vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }))
end

-- The words that are marked after `speak`, until the speech is over.
local function words_of(speak)
  local words, word = {}, marks.word
  marks.word = function(...)
    local result = { word(...) }
    vim.list_extend(words, marked())
    return unpack(result)
  end
  speak()
  wait_until(function()
    return chatterbox.status() == ""
  end)
  marks.word = word
  same(marked(), {})
  return words
end

local function keys(text)
  local typed = vim.api.nvim_replace_termcodes(text, true, false, true)
  return function()
    vim.api.nvim_feedkeys(typed, "mx", false)
  end
end

local function begin(text)
  buffer({ text })
  vim.cmd("Say")
  wait_until(function()
    return #marked() > 0
  end)
end

local tests = {}

tests["marks each word of a range in order"] = function()
  buffer({ "before", "Crème 😀 brûlée e\204\129tude,", "", "  𝒳 marks", "after" })
  local words = words_of(function()
    vim.cmd("2,4Say")
  end)
  same(
    vim.tbl_filter(function(word)
      return word ~= "😀" and word ~= " "
    end, words),
    { "Crème", "brûlée", "e\204\129tude", "𝒳", "marks" }
  )
end

tests["speaks quotes and brackets as they stand"] = function()
  buffer({ "$(touch x) `touch x` ; \"one\" [[two]] -o three", "", "%s 'four' \\n" })
  local words = words_of(function()
    vim.cmd("%Say")
  end)
  for _, word in ipairs({ "$(touch", "`touch", "one", "two", "three", "four" }) do
    assert(vim.tbl_contains(words, word), word .. " is not among " .. vim.inspect(words))
  end
end

tests["speaks what a motion covers and repeats it with a dot"] = function()
  buffer({ "one twö three", "four five six" })
  vim.api.nvim_win_set_cursor(0, { 1, 4 })
  same(words_of(keys("<Plug>(chatterbox-say)iw")), { "twö" })
  vim.api.nvim_win_set_cursor(0, { 2, 6 })
  same(words_of(keys(".")), { "five" })
  same(words_of(keys("<Plug>(chatterbox-say)_")), { "four", "five", "six" })
  vim.api.nvim_win_set_cursor(0, { 1, 9 })
  same(words_of(keys("vj0e<Plug>(chatterbox-say)")), { "three", "four" })
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  same(words_of(keys("<C-v>j<Plug>(chatterbox-say)")), { "one", "twö", "three", "four", "five", "six" })
end

tests["marks the right words while the text is edited"] = function()
  buffer({ "zero one two", "three four five" })
  local word, is_edited = marks.word, false
  marks.word = function(...)
    if not is_edited then
      is_edited = true
      vim.api.nvim_buf_set_lines(0, 0, 0, false, { "A new beginning." })
      vim.api.nvim_buf_set_text(0, 1, 0, 1, 5, {})
      vim.api.nvim_buf_set_text(0, 2, 6, 2, 10, { "4", "" })
    end
    return word(...)
  end
  same(
    words_of(function()
      vim.cmd("%Say")
    end),
    { "one", "two", "three", "five" }
  )
end

tests["speaks a text that is not modifiable"] = function()
  buffer({ "read only" })
  vim.bo.modifiable = false
  same(
    words_of(function()
      vim.cmd("Say")
    end),
    { "read", "only" }
  )
end

tests["speaks a text of two million bytes until Neovim is left"] = function()
  begin(("long "):rep(400000))
end

tests["counts a byte that is no text, and a byte order mark, as one character"] = function()
  buffer({ "\239\187\191a \226\130 \255 one", "two" })
  local words = words_of(function()
    vim.cmd("%Say")
  end)
  same({ words[#words - 1], words[#words] }, { "one", "two" })
end

tests["stop cancels in the daemon what Neovim speaks and nothing else"] = function()
  local before = num_cancelled()
  begin(LONG)
  vim.fn.system({ "say", "--no-wait", "another program" })
  vim.cmd("SayStop")
  same(chatterbox.status(), "")
  same(marked(), {})
  wait_until(function()
    return num_cancelled() > before
  end)
  same(texts(), { "another program" })
  wait_until(function()
    return #texts() == 0
  end)
  same(num_cancelled(), before + 1)
end

tests["speaking again stops the first"] = function()
  begin(LONG)
  buffer({ "second" })
  same(
    words_of(function()
      vim.cmd("Say")
    end),
    { "second" }
  )
  same(texts(), {})
end

tests["pause holds, and resume or the next text goes on"] = function()
  begin(LONG)
  vim.cmd("SayPause")
  same(chatterbox.status(), "paused")
  wait_until(is_paused)
  vim.cmd("SayResume")
  same(chatterbox.status(), "speaking")
  wait_until(function()
    return not is_paused()
  end)
  vim.cmd("SayPause")
  wait_until(is_paused)
  buffer({ "next" })
  same(
    words_of(function()
      vim.cmd("Say")
    end),
    { "next" }
  )
end

tests["goes on when the buffer is wiped out"] = function()
  begin("one two three four five six seven")
  vim.cmd("bwipeout!")
  same(chatterbox.status(), "speaking")
  wait_until(function()
    return chatterbox.status() == ""
  end)
end

tests["follows the word in the window when asked to"] = function()
  chatterbox.setup({ follow = true })
  local lines = vim.fn["repeat"]({ "" }, 200)
  lines[1], lines[200] = "one", "two"
  buffer(lines)
  words_of(function()
    vim.cmd("%Say")
  end)
  same(vim.api.nvim_win_get_cursor(0), { 200, 0 })
end

tests["says why nothing was heard, and what was ignored"] = function()
  local said = {}
  vim.notify = function(sentence)
    table.insert(said, sentence)
  end
  buffer({ "hello" })
  chatterbox.setup({ arguments = { "--quality", "1" }, rate = 300 })
  words_of(function()
    vim.cmd("Say")
  end)
  same(table.remove(said), "say: --quality is ignored")
  chatterbox.setup({ voice = "nobody" })
  words_of(function()
    vim.cmd("Say")
  end)
  same(said[1], "say: there is no voice 'nobody'; see: chatterbox voices")
  chatterbox.setup({ program = "/bin/false" })
  words_of(function()
    vim.cmd("Say")
  end)
  same(table.remove(said), "say ended with 1")
  chatterbox.setup({ program = "no-such-say" })
  vim.cmd("Say")
  assert(said[2]:find("pip install 'chatterboxd[daemon]'", 1, true), said[2])
  chatterbox.setup()
  buffer({ " " })
  vim.cmd("Say")
  same(said[3], "chatterbox: there is nothing to say here")
end

tests["refuses an option that is not there or has the wrong type"] = function()
  for options, complaint in pairs({
    [{ speed = 3 }] = "setup was given speed = 3; there is no such option",
    [{ rate = "fast" }] = 'setup was given rate = "fast"; it takes a number',
  }) do
    local _, reason = pcall(chatterbox.setup, options)
    assert(reason:find(complaint, 1, true), reason)
  end
end

tests["checks its health"] = function()
  vim.cmd("checkhealth chatterbox")
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  assert(report:find("say, version", 1, true), report)
  assert(report:find("the daemon answers: chatterboxd", 1, true), report)
end

tests["finds its help"] = function()
  vim.cmd("help chatterbox-setup")
  assert(vim.api.nvim_get_current_line():find("SETUP", 1, true))
end

return tests
