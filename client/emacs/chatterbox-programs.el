;;; chatterbox-programs.el --- Find and run the programs of Chatterbox -*- lexical-binding: t; -*-

;; Copyright (c) 2026 The chatterboxd authors
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A command goes in as a list, what it prints comes out.  No shell, no
;; terminal, and nothing of the buffer the command is given in.

;;; Code:

(require 'json)
(require 'subr-x)

(defgroup chatterbox nil
  "Speak text aloud with the Chatterbox daemon."
  :group 'multimedia
  :prefix "chatterbox-")

(defcustom chatterbox-program nil
  "The `say' of Chatterbox; its `chatterbox' lies in the same folder.
With nil it is the one that installed this file, else the one on the PATH."
  :type '(choice (const :tag "Found by itself" nil) file))

(defun chatterbox-programs--recorded ()
  "The `say' that installed this file, if it is still there."
  (when-let* ((library (locate-library "chatterbox"))
              (record (expand-file-name "installed.json" (file-name-directory library)))
              ((file-readable-p record))
              (say (alist-get 'say (json-read-file record)))
              ((file-executable-p say)))
    say))

(defun chatterbox-programs-find ()
  "The absolute name of `say'; signal a `user-error' where there is none."
  (let ((program (or chatterbox-program (chatterbox-programs--recorded) "say")))
    (or (executable-find program)
        (user-error "Chatterbox: there is no program %s; %s" program
                    "run pip install 'chatterboxd[daemon]', or set `chatterbox-program'"))))

(defun chatterbox-programs-run (command filter ended)
  "Start COMMAND, a list; FILTER takes its output, ENDED its process at the end."
  (let ((default-directory "/"))        ; the buffer's own may be gone, or remote
    (make-process :name "chatterbox" :command command :connection-type 'pipe
                  :coding 'utf-8-unix :noquery t :filter filter
                  :sentinel (lambda (process _change)
                              (unless (process-live-p process)
                                (funcall ended process))))))

(defun chatterbox-programs-control (verb)
  "Have the daemon do VERB, such as \"pause\"; say why if it does not."
  (let ((output "")
        (program (expand-file-name "chatterbox" (file-name-directory (chatterbox-programs-find)))))
    (unless (file-executable-p program)
      (user-error "Chatterbox: there is no program %s beside `say'" program))
    (chatterbox-programs-run
     (list program verb)
     (lambda (_process text) (setq output (concat output text)))
     (lambda (process)
       (unless (eq 0 (process-exit-status process))
         (message "%s" (string-trim output)))))))

(provide 'chatterbox-programs)

;;; chatterbox-programs.el ends here
