;;; chatterbox.el --- Speak text aloud and mark each word -*- lexical-binding: t; -*-

;; Copyright (c) 2026 The chatterboxd authors
;; SPDX-License-Identifier: MIT

;; Author: The chatterboxd authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: multimedia, convenience

;;; Commentary:

;; Hands text of any buffer to `say', the command line of the Chatterbox
;; speech daemon, and marks each word while it is spoken.  One text is spoken
;; at a time; speaking another stops the first.  With `chatterbox-mode' the
;; commands have keys behind C-c ", and the mode line shows what goes on.

;;; Code:

(require 'chatterbox-mark)
(require 'chatterbox-programs)
(require 'cl-lib)
(require 'json)
(require 'subr-x)
(require 'thingatpt)

(defcustom chatterbox-voice nil
  "Name of the voice, as listed by \"say -v ?\"; nil is the daemon's own."
  :group 'chatterbox
  :type '(choice (const :tag "The daemon's own" nil) string))

(defcustom chatterbox-rate nil
  "Words a minute, 44 to 1050; nil is the daemon's own rate."
  :group 'chatterbox
  :type '(choice (const :tag "The daemon's own" nil) number))

(defcustom chatterbox-arguments nil
  "Further options of `say', such as (\"--interrupt\" \"--language\" \"de\")."
  :group 'chatterbox
  :type '(repeat string))

(defcustom chatterbox-follow nil
  "Non-nil moves point to the spoken word when it is out of the window."
  :group 'chatterbox
  :type 'boolean)

(cl-defstruct chatterbox--reading
  "A text under way: its process, and the mark that follows it."
  process mark is-paused)

(defvar chatterbox--current nil
  "The reading that is being spoken, or nil.")

;;; Speaking

(defun chatterbox--command ()
  "The command that speaks what is on its input, and prints a line for each word."
  (append (list (chatterbox-programs-find) "--events" "--literal" "-f" "-")
          (when chatterbox-voice (list "-v" chatterbox-voice))
          (when chatterbox-rate (list "-r" (number-to-string chatterbox-rate)))
          chatterbox-arguments))

(defun chatterbox--encodable (text)
  "TEXT with a space for each character that UTF-8 cannot hold or `say' drops."
  (replace-regexp-in-string "\\`\uFEFF\\|[^\u0000-\uD7FF\uE000-\U0010FFFF]" " " text))

(defun chatterbox--speak (begin end)
  "Speak what stands between BEGIN and END; whatever was spoken stops."
  (let ((text (buffer-substring-no-properties begin end))
        (command (chatterbox--command)))
    (when (string-blank-p text)
      (user-error "Chatterbox: there is nothing to say here"))
    (chatterbox-stop)
    (let* ((reading (make-chatterbox--reading :mark (chatterbox-mark-open begin end)))
           (process (chatterbox--start reading command)))
      (setf (chatterbox--reading-process reading) process)
      (setq chatterbox--current reading)
      (force-mode-line-update t)
      (ignore-errors                    ; it has already ended: `chatterbox--ended' tells why
        (process-send-string process (chatterbox--encodable text))
        (process-send-eof process)))))

(defun chatterbox--start (reading command)
  "Start COMMAND, which will speak READING."
  (let ((rest "") (complaint nil))
    (chatterbox-programs-run
     command
     (lambda (_process output)
       (let ((lines (split-string (concat rest output) "\n")))
         (setq rest (car (last lines)))
         (dolist (line (butlast lines))
           (if (string-prefix-p "{" line)
               (chatterbox--take reading (json-read-from-string line))
             (setq complaint line)))))
     (lambda (process) (chatterbox--ended reading process complaint)))))

(defun chatterbox--take (reading event)
  "Show EVENT, an alist, of READING."
  (when (and (eq reading chatterbox--current) (equal (alist-get 'event event) "word"))
    (let* ((mark (chatterbox--reading-mark reading))
           (place (chatterbox-mark-word mark (alist-get 'start event) (alist-get 'length event)))
           (window (get-buffer-window (chatterbox-mark-buffer mark) t)))
      (when (and chatterbox-follow place window (not (pos-visible-in-window-p place window)))
        (set-window-point window place)))))

(defun chatterbox--ended (reading process complaint)
  "READING is over with its PROCESS; COMPLAINT is what it had to say, or nil."
  (when (chatterbox--reading-is-paused reading)
    (chatterbox-programs-control "resume")) ; or the next text would be silent
  (when (eq reading chatterbox--current)
    (chatterbox--forget)
    (cond (complaint (message "%s" complaint))
          ((not (eq 0 (process-exit-status process)))
           (message "say ended with %d" (process-exit-status process))))))

(defun chatterbox--forget ()
  "Leave the current reading and its buffer."
  (chatterbox-mark-close (chatterbox--reading-mark chatterbox--current))
  (setq chatterbox--current nil)
  (force-mode-line-update t))

;;; Commands

(defun chatterbox-speaking-p ()
  "Whether a text is being spoken, or waits for its turn."
  (and chatterbox--current t))

;;;###autoload
(defun chatterbox-speak-region (begin end)
  "Speak the region, from BEGIN to END."
  (interactive "r")
  (chatterbox--speak begin end))

;;;###autoload
(defun chatterbox-speak-buffer ()
  "Speak the buffer, as far as it is accessible."
  (interactive)
  (chatterbox--speak (point-min) (point-max)))

;;;###autoload
(defun chatterbox-speak-from-point ()
  "Speak from point to the end of the buffer."
  (interactive)
  (chatterbox--speak (point) (point-max)))

(defun chatterbox--speak-thing (thing)
  "Speak the THING at point, such as a `sentence'."
  (if-let ((bounds (bounds-of-thing-at-point thing)))
      (chatterbox--speak (car bounds) (cdr bounds))
    (user-error "Chatterbox: there is no %s at point" thing)))

;;;###autoload
(defun chatterbox-speak-paragraph ()
  "Speak the paragraph at point."
  (interactive)
  (chatterbox--speak-thing 'paragraph))

;;;###autoload
(defun chatterbox-speak-sentence ()
  "Speak the sentence at point."
  (interactive)
  (chatterbox--speak-thing 'sentence))

;;;###autoload
(defun chatterbox-speak-line ()
  "Speak the line at point."
  (interactive)
  (chatterbox--speak-thing 'line))

;;;###autoload
(defun chatterbox-stop ()
  "Stop what Emacs speaks, and nothing of other programs."
  (interactive)
  (when chatterbox--current
    (let ((process (chatterbox--reading-process chatterbox--current)))
      (chatterbox--forget)
      (when (process-live-p process)
        (interrupt-process process)))))

;;;###autoload
(defun chatterbox-pause ()
  "Hold the speech where it is, that of other programs too."
  (interactive)
  (chatterbox-programs-control "pause")
  (chatterbox--note-pause t))

;;;###autoload
(defun chatterbox-resume ()
  "Go on where the speech was held."
  (interactive)
  (chatterbox-programs-control "resume")
  (chatterbox--note-pause nil))

(defun chatterbox--note-pause (is-paused)
  "Note whether what is spoken IS-PAUSED."
  (when chatterbox--current
    (setf (chatterbox--reading-is-paused chatterbox--current) is-paused)
    (force-mode-line-update t)))

;;; The mode

(defvar chatterbox-command-map
  (let ((map (make-sparse-keymap)))
    (define-key map "r" #'chatterbox-speak-region)
    (define-key map "b" #'chatterbox-speak-buffer)
    (define-key map "." #'chatterbox-speak-from-point)
    (define-key map "p" #'chatterbox-speak-paragraph)
    (define-key map "s" #'chatterbox-speak-sentence)
    (define-key map "l" #'chatterbox-speak-line)
    (define-key map "q" #'chatterbox-stop)
    (define-key map " " #'chatterbox-pause)
    (define-key map "\r" #'chatterbox-resume)
    map)
  "The commands' keys; bind the map to a prefix of your own if you like.")

(defvar chatterbox-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c \"") chatterbox-command-map)
    map)
  "Keymap of `chatterbox-mode'.")

(defun chatterbox--lighter ()
  "The words in the mode line."
  (cond ((not chatterbox--current) " Say")
        ((chatterbox--reading-is-paused chatterbox--current) " Say[held]")
        (t " Say[on]")))

;;;###autoload
(define-minor-mode chatterbox-mode
  "Keys for speaking text in every buffer, and a word in the mode line."
  :global t
  :group 'chatterbox
  :lighter (:eval (chatterbox--lighter)))

(provide 'chatterbox)

;;; chatterbox.el ends here
