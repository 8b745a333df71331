-- Finds and runs the programs of Chatterbox: a list of words goes in, lines of output come out. No shell.

local M = {}

local ROOT = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h:h")
local ADVICE = "; run pip install 'chatterboxd[daemon]', or set program in require('chatterbox').setup"

-- The `say` that installed this plugin, if it is still there.
local function recorded()
  local record = ROOT .. "/installed.json"
  if vim.fn.filereadable(record) == 0 then
    return nil
  end
  local say = vim.json.decode(table.concat(vim.fn.readfile(record), "\n")).say
  return vim.fn.executable(say) == 1 and say or nil
end

-- The absolute path of `say`: `program` if given, else the recorded one, else the PATH's.
-- Returns nil and a sentence where there is none.
function M.find_say(program)
  local wanted = program or recorded() or "say"
  local path = vim.fn.exepath(vim.fn.expand(wanted))
  if path == "" then
    return nil, "chatterbox: there is no program " .. wanted .. ADVICE
  end
  return path
end

-- The absolute path of `chatterbox`, which lies beside `say`. Returns nil and a sentence where there is none.
function M.find_chatterbox(program)
  local say, reason = M.find_say(program)
  if not say then
    return nil, reason
  end
  local path = vim.fn.fnamemodify(say, ":h") .. "/chatterbox"
  if vim.fn.executable(path) == 0 then
    return nil, "chatterbox: there is no program " .. path .. " beside say"
  end
  return path
end

-- Start `argv` and give it `text` on its standard input. `on_line` takes each line it prints, on standard output
-- and on standard error alike; `on_exit` its exit code. Returns the number of the job.
function M.run(argv, text, on_line, on_exit)
  local function reader()
    local rest = ""
    return function(_, data)
      data[1] = rest .. data[1]
      rest = table.remove(data)
      for _, line in ipairs(data) do
        on_line(line)
      end
    end
  end
  local job = vim.fn.jobstart(argv, {
    cwd = "/", -- the editor's own may be gone
    on_stdout = reader(),
    on_stderr = reader(),
    on_exit = function(_, code)
      on_exit(code)
    end,
  })
  if text ~= "" then
    vim.fn.chansend(job, text)
  end
  vim.fn.chanclose(job, "stdin")
  return job
end

return M
