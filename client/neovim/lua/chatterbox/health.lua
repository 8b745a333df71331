-- `:checkhealth chatterbox`: whether the programs are there and the daemon answers.

local M = {}

local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local failed = health.error or health.report_error

-- The output of a program, or nil and what it complained of.
local function run(...)
  local output = vim.trim(vim.fn.system({ ... }))
  if vim.v.shell_error ~= 0 then
    return nil, output
  end
  return output
end

function M.check()
  start("chatterbox")
  local programs = require("chatterbox.programs")
  local program = require("chatterbox").options.program
  local say, reason = programs.find_say(program)
  if not say then
    failed(reason)
    return
  end
  local version, complaint = run(say, "--version")
  if not version then
    failed(say .. " does not run: " .. complaint)
    return
  end
  ok(say .. ": " .. version)
  local control
  control, reason = programs.find_chatterbox(program)
  if not control then
    failed(reason)
    return
  end
  local status
  status, complaint = run(control, "status")
  if status then
    ok("the daemon answers: " .. vim.split(status, "\n")[1])
  else
    failed("the daemon does not answer: " .. complaint)
  end
end

return M
