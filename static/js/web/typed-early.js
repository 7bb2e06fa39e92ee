// Tells fields whose text was typed before the scripts were there, so that it is not waited for in vain: a page is slow
// on a phone, and people begin at once. Such fields listen for "typed-early" (hx-trigger).

const differs = ({ type, value, defaultValue, checked, defaultChecked }) => (
  ["checkbox", "radio"].includes(type) ? checked !== defaultChecked : value !== (defaultValue ?? value)
);
const around = (field) => (field.form ? [...field.form.elements] : [field]);

document.body.addEventListener("htmx:load", () => {
  for (const field of document.querySelectorAll("[hx-trigger~=typed-early]")) {
    if (around(field).some(differs)) field.dispatchEvent(new CustomEvent("typed-early"));
  }
}, { once: true });
