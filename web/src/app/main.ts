// Everything but listening: home, accounts, and the stage.
import { mount } from 'svelte';
import '../styles.css';
import App from './App.svelte';

const target = document.getElementById('page');
if (target) mount(App, { target });
