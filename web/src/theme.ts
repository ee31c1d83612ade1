import { Button, createTheme, type CSSVariablesResolver, Paper, Skeleton, Tooltip, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eef2fe', '#dce4fb', '#b7c7f6', '#8ea8f7', '#6b8bef', '#4f73e3', '#3f63d8', '#2f54c9', '#2647ad', '#1d398e',
];
const dark: MantineColorsTuple = [
  '#e9ecf3', '#c6cddb', '#a3acbd', '#737d92', '#465065', '#2f3646', '#1f2430', '#181c25', '#10131a', '#0b0d12',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, dark },
  black: '#171c26',
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.625rem', lineHeight: '1.25' }, h2: { fontSize: '1.0625rem', lineHeight: '1.4' } },
  },
  components: {
    Button: Button.extend({ defaultProps: { radius: 'md' } }),
    Paper: Paper.extend({
      defaultProps: { radius: 'lg', p: 'lg' },
      styles: { root: { background: 'var(--surface-card)', border: '1px solid var(--line)', boxShadow: 'var(--shadow-card)' } },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } }),
    Skeleton: Skeleton.extend({ defaultProps: { radius: 'md' } }),
  },
});

const own = {
  '--mantine-color-dimmed': 'var(--ink-soft)',
  '--mantine-color-error': 'var(--severity-high)',
  '--mantine-color-placeholder': 'var(--ink-soft)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-accent-light': 'var(--accent-soft)',
  '--mantine-color-accent-light-hover': 'var(--surface-selected)',
  '--mantine-color-accent-light-color': 'var(--accent)',
};

/** Mantine's own soft greys and reds fall below the contrast that WCAG AA asks for; its dark tints of the accent are too strong. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: own, dark: own });
