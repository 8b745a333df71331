-- Marks the words of a text that may be edited: pieces of a buffer go in, then words by their place in the text.
-- Places are code points, columns and offsets are bytes. It knows nothing of speech.

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("chatterbox")

-- A mark for the text made of `pieces`, each {row, column, text} within one line, one code point apart.
function M.open(buffer, pieces)
  vim.api.nvim_set_hl(0, "ChatterboxWord", { default = true, link = "Search" })
  local mark = { buffer = buffer, pieces = pieces, edits = {}, is_open = true }
  local place = 0
  for _, piece in ipairs(pieces) do
    piece.place = place
    piece.offset = vim.api.nvim_buf_get_offset(buffer, piece.row) + piece.column
    place = place + vim.fn.strchars(piece.text) + 1
  end
  vim.api.nvim_buf_attach(buffer, false, {
    on_bytes = function(_, _, _, _, _, offset, _, _, old_length, _, _, new_length)
      table.insert(mark.edits, { offset = offset, old = old_length, new = new_length })
      return not mark.is_open -- true ends the watch
    end,
  })
  return mark
end

-- Take the mark off its buffer.
function M.close(mark)
  mark.is_open = false
  if vim.api.nvim_buf_is_valid(mark.buffer) then
    vim.api.nvim_buf_clear_namespace(mark.buffer, NAMESPACE, 0, -1)
  end
end

-- The piece in which this place lies.
local function piece_at(mark, place)
  local first, last = 1, #mark.pieces
  while first < last do
    local middle = math.floor((first + last + 1) / 2)
    if mark.pieces[middle].place <= place then
      first = middle
    else
      last = middle - 1
    end
  end
  return mark.pieces[first]
end

-- Where the byte that stood at `offset` stands now: (row, column).
local function position_now(mark, offset)
  for _, edit in ipairs(mark.edits) do
    if offset >= edit.offset + edit.old then
      offset = offset + edit.new - edit.old
    end
  end
  local first, last = 0, vim.api.nvim_buf_line_count(mark.buffer) - 1
  while first < last do
    local middle = math.floor((first + last + 1) / 2)
    if vim.api.nvim_buf_get_offset(mark.buffer, middle) <= offset then
      first = middle
    else
      last = middle - 1
    end
  end
  return first, offset - vim.api.nvim_buf_get_offset(mark.buffer, first)
end

-- Mark `length` code points from `start` of the text, and nothing if they were edited.
-- Returns the word and where it stands: (word, row, column), or nil.
function M.word(mark, start, length)
  if not vim.api.nvim_buf_is_loaded(mark.buffer) then
    return nil
  end
  local piece = piece_at(mark, start)
  local from = vim.fn.byteidxcomp(piece.text, start - piece.place)
  local to = vim.fn.byteidxcomp(piece.text, start - piece.place + length)
  vim.api.nvim_buf_clear_namespace(mark.buffer, NAMESPACE, 0, -1)
  if from < 0 or to <= from then
    return nil -- a line end
  end
  local word = piece.text:sub(from + 1, to)
  local row, column = position_now(mark, piece.offset + from)
  local line = vim.api.nvim_buf_get_lines(mark.buffer, row, row + 1, false)[1] or ""
  if line:sub(column + 1, column + #word) ~= word then
    return nil
  end
  vim.api.nvim_buf_set_extmark(mark.buffer, NAMESPACE, row, column, {
    end_col = column + #word,
    hl_group = "ChatterboxWord",
  })
  return word, row, column
end

return M
