// Livelier, never needed: shows how far an upload has come, and asks before what cannot be taken back.
(() => {
  'use strict';
  document.addEventListener('submit', (event) => {
    const form = event.target;
    const ask = form.dataset && form.dataset.confirm;
    if (ask && !window.confirm(ask)) { event.preventDefault(); return; }
    if (!('progress' in (form.dataset || {})) || !window.FormData || !window.XMLHttpRequest) return;
    const bar = form.querySelector('progress');
    const file = form.querySelector('input[type=file]');
    if (!bar || !file || !file.files.length) return;
    event.preventDefault();
    bar.hidden = false;
    const button = form.querySelector('button.main');
    if (button) button.disabled = true;
    const request = new XMLHttpRequest();
    request.open('POST', form.action);
    request.upload.onprogress = (e) => { if (e.lengthComputable) bar.value = (100 * e.loaded) / e.total; };
    request.onload = () => {
      if (request.status < 400) { window.location.assign(request.responseURL || form.action); return; }
      const page = new DOMParser().parseFromString(request.responseText, 'text/html');
      const main = document.getElementById('main');
      const said = page.getElementById('main');
      if (main && said) { main.replaceWith(document.adoptNode(said)); document.getElementById('main').focus(); }
    };
    request.onerror = () => { form.submit(); };
    request.send(new FormData(form));
  });
  document.addEventListener('click', (event) => {
    const print = event.target.closest && event.target.closest('button[data-print]');
    if (print) window.print();
  });
})();
