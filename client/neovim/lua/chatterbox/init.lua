-- Speaks lines and motions through `say`, one text at a time, and marks each word while it is spoken.

local marks = require("chatterbox.marks")
local programs = require("chatterbox.programs")

local M = {}

-- What `setup` takes. nil is the daemon's own voice and rate, and a `say` that is found by itself.
local DEFAULTS = { program = nil, voice = nil, rate = nil, arguments = {}, follow = false }
local OPTIONS = { program = "string", voice = "string", rate = "number", arguments = "table", follow = "boolean" }

M.options = vim.deepcopy(DEFAULTS)

-- The text under way: {job, mark, is_paused}, or nil.
local current = nil

local function complain(sentence)
  vim.notify(sentence, vim.log.levels.WARN)
end

-- Change options; those not named get their default back.
function M.setup(options)
  for name, value in pairs(options or {}) do
    if type(value) ~= OPTIONS[name] then
      local expected = OPTIONS[name] and "it takes a " .. OPTIONS[name] or "there is no such option"
      error(("chatterbox: setup was given %s = %s; %s"):format(name, vim.inspect(value), expected), 2)
    end
  end
  M.options = vim.tbl_extend("force", vim.deepcopy(DEFAULTS), options or {})
end

local function control(verb)
  local program, reason = programs.find_chatterbox(M.options.program)
  if not program then
    complain(reason)
    return
  end
  local said = {}
  programs.run({ program, verb }, "", function(line)
    table.insert(said, line)
  end, function(code)
    if code ~= 0 then
      complain(table.concat(said, "\n"))
    end
  end)
end

local function command(say)
  local argv = { say, "--events", "--literal", "-f", "-" }
  if M.options.voice then
    vim.list_extend(argv, { "-v", M.options.voice })
  end
  if M.options.rate then
    vim.list_extend(argv, { "-r", tostring(M.options.rate) })
  end
  return vim.list_extend(argv, M.options.arguments)
end

-- Leave the text under way.
local function forget()
  marks.close(current.mark)
  current = nil
end

local function show(reading, event)
  if reading ~= current or event.event ~= "word" then
    return
  end
  local word, row, column = marks.word(reading.mark, event.start, event.length)
  if word and M.options.follow and vim.api.nvim_get_current_buf() == reading.mark.buffer then
    if row + 1 < vim.fn.line("w0") or row + 1 > vim.fn.line("w$") then
      vim.api.nvim_win_set_cursor(0, { row + 1, column })
    end
  end
end

local function ended(reading, code, complaint)
  if reading.is_paused then
    control("resume") -- or the next text would be silent
  end
  if reading == current then
    forget()
    if complaint or code ~= 0 then
      complain(complaint or ("say ended with " .. code))
    end
  end
end

local BYTE_ORDER_MARK = "\239\187\191"

-- The text of the pieces. Bytes that are no UTF-8 become characters, one for one, and a byte order mark at the
-- beginning a space: `say` would count them otherwise.
local function encodable(pieces)
  local texts = vim.tbl_map(function(piece)
    return vim.fn.list2str(vim.fn.str2list(piece.text))
  end, pieces)
  return (table.concat(texts, "\n"):gsub("^" .. BYTE_ORDER_MARK, " "))
end

-- Speak pieces of the current buffer, each {row, column, text}; whatever was spoken stops.
local function say(pieces)
  local program, reason = programs.find_say(M.options.program)
  if not program then
    complain(reason)
    return
  end
  local text = encodable(pieces)
  if not text:find("%S") then
    complain("chatterbox: there is nothing to say here")
    return
  end
  M.stop()
  local reading = { mark = marks.open(vim.api.nvim_get_current_buf(), pieces), is_paused = false }
  current = reading
  local complaint = nil
  reading.job = programs.run(command(program), text, function(line)
    if line:sub(1, 1) == "{" then
      show(reading, vim.json.decode(line))
    else
      complaint = line
    end
  end, function(code)
    ended(reading, code, complaint)
  end)
end

-- Speak the lines from `first` to `last`, counted from 1.
function M.say_lines(first, last)
  local pieces = {}
  for index, line in ipairs(vim.api.nvim_buf_get_lines(0, first - 1, last, false)) do
    table.insert(pieces, { row = first + index - 2, column = 0, text = line })
  end
  say(pieces)
end

-- Speak from one place to another, both included: {line from 1, byte column from 0} each.
local function say_characters(from, to)
  local pieces = {}
  for index, line in ipairs(vim.api.nvim_buf_get_lines(0, from[1] - 1, to[1], false)) do
    local row = from[1] + index - 2
    local first = row == from[1] - 1 and from[2] or 0
    local last = #line
    if row == to[1] - 1 then
      last = to[2] + #vim.fn.matchstr(line:sub(to[2] + 1), "^.") -- the whole last character
    end
    table.insert(pieces, { row = row, column = first, text = line:sub(first + 1, last) })
  end
  say(pieces)
end

-- The 'operatorfunc': speak what the motion covered; of a block, its whole lines.
function M.operate(kind)
  local from, to = vim.api.nvim_buf_get_mark(0, "["), vim.api.nvim_buf_get_mark(0, "]")
  if kind == "char" then
    say_characters(from, to)
  else
    M.say_lines(from[1], to[1])
  end
end

-- Stop what Neovim speaks, and nothing of other programs.
function M.stop()
  if current then
    local job = current.job
    forget()
    vim.fn.jobstop(job)
  end
end

-- Hold the speech where it is, that of other programs too.
function M.pause()
  control("pause")
  if current then
    current.is_paused = true
  end
end

-- Go on where the speech was held.
function M.resume()
  control("resume")
  if current then
    current.is_paused = false
  end
end

-- For a status line: "speaking", "paused", or "" when nothing is under way.
function M.status()
  if not current then
    return ""
  end
  return current.is_paused and "paused" or "speaking"
end

return M
