// The listener's entry: small, and needing nothing but the edge.
import { mount } from 'svelte';
import '../styles.css';
import Listen from './Listen.svelte';
import { loadHls } from './engine';

const [, , space = ''] = location.pathname.split('/');
const target = document.getElementById('page');
void loadHls().catch(() => undefined); // on its way while the page asks what the Space is doing
if (target) mount(Listen, { target, props: { space: decodeURIComponent(space) } });
