-- The commands and the operator; what they do is loaded when one is used.

if vim.g.loaded_chatterbox then
  return
end
vim.g.loaded_chatterbox = true

if vim.fn.has("nvim-0.7") == 0 then
  vim.api.nvim_err_writeln("chatterbox: needs Neovim 0.7 or newer")
  return
end

local command = vim.api.nvim_create_user_command

command("Say", function(given)
  require("chatterbox").say_lines(given.line1, given.line2)
end, { range = true, desc = "Speak the lines" })

for name, verb in pairs({ SayStop = "stop", SayPause = "pause", SayResume = "resume" }) do
  command(name, function()
    require("chatterbox")[verb]()
  end, { desc = "Speech: " .. verb })
end

vim.keymap.set({ "n", "x" }, "<Plug>(chatterbox-say)", function()
  vim.o.operatorfunc = "v:lua.require'chatterbox'.operate"
  return "g@"
end, { expr = true, desc = "Speak what a motion covers" })
